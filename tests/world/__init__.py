"""A seeded world: the whole program in one process, on a clock of its own, with everything that goes
wrong going wrong, and the same again for the same seed.

    python -m tests.world --seed 7 --minutes 10
    python -m tests.world --seeds 0-199
    python -m tests.world --seeds 0-199 --database postgresql

What is real: the app, the deliberation, the store on SQLite, the outbox, votes, budgets, catching
up, and both adapters with their libraries, over the strict local servers. What is not: time, the
scheduler, threads, sockets and the models. `invariants` names what has to hold.

With a database on a server there are workers besides, processes that end, freeze and wake whenever they
like. The store's own code is real, too; of the server `postgres_server` says what is there and what is
left out, and of the queue there are hints, of which some are lost. Nobody takes over from a gateway that
lives: there is one at a time.
"""
