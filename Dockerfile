FROM python:3.13-slim AS packages
COPY requirements.lock .
COPY requirements-scale.lock .
# Without pip of its own: the finished image installs nothing.
RUN python -m venv --without-pip /venv \
    && pip --python /venv install --no-cache-dir --require-hashes -r requirements.lock \
    && pip --python /venv install --no-cache-dir --no-deps --require-hashes -r requirements-scale.lock

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home council \
    && install --directory --owner=council --group=council --mode=0700 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY bot bot
COPY adapters adapters
# Nothing but /data and /tmp is written to, so that the root may be read-only.
RUN /venv/bin/python -m compileall -q bot adapters
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    COUNCIL_HEALTH_PORT=8081 \
    COUNCIL_DATABASE=/data/council.db
USER council
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "bot.program.healthy"]
# The list form: signals reach Council itself, which then ends what it is doing in order.
CMD ["python", "-m", "bot", "serve"]
