"""queue.py KIND FILE N: writes N messages into a queue and says "ack NUMBER" after each, as soon as the queue has it.
queue.py KIND FILE N SIZE: the same with messages of SIZE bytes, and says only how many nanoseconds each took."""

import os
import sys
import time


def plain(file, synchronous):
    import sqlite3

    store = sqlite3.connect(file, isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute(f"PRAGMA synchronous={synchronous}")
    store.execute("CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, message BLOB)")
    return lambda message: store.execute("INSERT INTO queue (message) VALUES (?)", (message,))


def litequeue(file):
    import litequeue

    queue = litequeue.LiteQueue(file)
    return lambda message: queue.put(message.hex())


def persist_queue(file):
    import persistqueue

    folder, name = os.path.split(file)
    queue = persistqueue.SQLiteQueue(folder, db_file_name=name, auto_commit=True)
    return queue.put


def huey(file):
    import huey.storage

    # fsync: synchronous=FULL
    storage = huey.storage.SqliteStorage(filename=file, fsync=True)
    return lambda message: storage.enqueue(message)


def main():
    kind, file, count = sys.argv[1:4]
    os.makedirs(os.path.dirname(file), exist_ok=True)
    if kind in ("off", "normal", "full"):
        put = plain(file, kind.upper())
    else:
        put = {"litequeue": litequeue, "persist-queue": persist_queue, "huey": huey}[kind](file)
    if len(sys.argv) > 4:
        for _ in range(int(count)):
            message = os.urandom(int(sys.argv[4]))
            began = time.perf_counter_ns()
            put(message)
            print(time.perf_counter_ns() - began)
        return
    for number in range(int(count)):
        put(os.urandom(6000))
        sys.stdout.write(f"ack {number}\n")
        sys.stdout.flush()


main()
