"""A seeded world: the whole program in one process, on a clock of its own, with everything that goes
wrong going wrong, and the same again for the same seed.

    python -m tests.world --seed 7 --minutes 10
    python -m tests.world --seeds 0-199
    python -m tests.world --seeds 0-199 --database postgresql

What is real: the app, the deliberation, the store on SQLite, the outbox, votes, budgets, catching
up, and both adapters with their libraries, over the strict local servers. What is not: time, the
scheduler, threads, sockets and the models. Of a database on a server the store's own code is real, too,
and the server is not: `postgres_server` says what it leaves out. `invariants` names what has to hold.
"""
