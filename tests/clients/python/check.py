"""Runs the expectations of port 3301 through Python's clients: check.py CLIENT HOST PORT, CLIENT tarantool or asynctnt."""

import asyncio
import json
import pathlib
import sys
import time

USER = "minitoolstream"
PASSWORD = "changeme"


class CallFailed(Exception):
    """An error that the server answered."""

    def __init__(self, code, text):
        super().__init__(f"#{code}: {text}")
        self.code = code


class TarantoolClient:
    """The package `tarantool`; it blocks, so its methods only look asynchronous."""

    async def connect(self, host, port, password):
        import tarantool

        self.errors = tarantool.error
        self.connection = tarantool.Connection(host, port, user=USER, password=password)

    def run(self, method, *arguments, **keywords):
        try:
            response = method(*arguments, **keywords)
        except self.errors.DatabaseError as error:
            raise CallFailed(*error.args[:2])
        return response if isinstance(response, float) else list(response.data or [])

    async def call(self, name, arguments):
        return self.run(self.connection.call, name, *arguments)

    async def eval(self, expression):
        return self.run(self.connection.eval, expression)

    async def select(self, space, index, key):
        return self.run(self.connection.select, space, key, index=index)

    async def ping(self):
        self.run(self.connection.ping)

    async def close(self):
        self.connection.close()


class AsyncClient:
    """The package `asynctnt`."""

    async def connect(self, host, port, password):
        import asynctnt

        self.errors = asynctnt.exceptions
        self.connection = asynctnt.Connection(
            host=host, port=port, username=USER, password=password, reconnect_timeout=0, connect_timeout=10)
        await self.run(self.connection.connect())

    async def run(self, request):
        try:
            return await request
        except self.errors.TarantoolDatabaseError as error:
            raise CallFailed(error.code, error.message)

    @staticmethod
    def plain(value):
        if hasattr(value, "items") and not isinstance(value, dict):
            return [AsyncClient.plain(item) for item in value]
        return value

    async def call(self, name, arguments):
        return list((await self.run(self.connection.call(name, arguments))).body)

    async def eval(self, expression):
        return list((await self.run(self.connection.eval(expression))).body)

    async def select(self, space, index, key):
        response = await self.run(self.connection.select(space, key, index=index))
        return [self.plain(row) for row in response.body]

    async def ping(self):
        await self.run(self.connection.ping())

    async def close(self):
        await self.connection.disconnect()


CLIENTS = {"tarantool": TarantoolClient, "asynctnt": AsyncClient}


class Values:
    """The names bound in a run."""

    def __init__(self, subject):
        self.subject = subject
        self.bound = {}

    def fill(self, value):
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, str) and value.startswith("@"):
            return self.bound[value]
        if isinstance(value, str) and value.startswith("$subject"):
            return self.subject + value[len("$subject"):]
        return value

    def matches(self, expected, got):
        if isinstance(expected, str) and expected.startswith("@") and expected not in self.bound:
            if isinstance(got, bool) or not isinstance(got, int):
                return False
            self.bound[expected] = got
            return True
        if expected == "?int":
            return isinstance(got, int) and not isinstance(got, bool)
        if expected == "?text":
            return isinstance(got, str)
        if isinstance(expected, list) and expected[-1:] == ["..."]:
            return isinstance(got, (list, tuple)) and self.matches(expected[:-1], got[:len(expected) - 1])
        if isinstance(expected, list):
            return (isinstance(got, (list, tuple)) and len(got) == len(expected)
                    and all(self.matches(*pair) for pair in zip(expected, got)))
        if isinstance(expected, dict):
            return (isinstance(got, dict) and got.keys() == expected.keys()
                    and all(self.matches(item, got[key]) for key, item in expected.items()))
        filled = self.fill(expected)
        return type(filled) is type(got) and filled == got


async def run_step(client, values, step):
    if "ping" in step:
        await client.ping()
        return None
    if "eval" in step:
        return await client.eval(step["eval"])
    if "select" in step:
        return [await client.select(step["select"], step["index"], values.fill(step["key"]))]
    return await client.call(step["call"], values.fill(step["args"]))


async def check_step(client, values, step):
    """The text of what is wrong, or None."""
    try:
        got = await run_step(client, values, step)
    except CallFailed as error:
        return None if error.code in step.get("error", []) else str(error)
    if "error" in step:
        return f"got {got}, want an error of {step['error']}"
    if "ping" in step:
        return None
    if "expect" not in step:
        return None if not got or got == [None] else f"got {got}, want nothing"
    if len(got) != 1 or not values.matches(step["expect"], got[0]):
        return f"got {got}, want {step['expect']}"
    return None


async def wrong_password_is_refused(kind, host, port):
    client = CLIENTS[kind]()
    try:
        await client.connect(host, port, "wrong")
    except Exception as error:  # the clients wrap the server's answer while they connect
        return "credentials" in str(error) or "Incorrect password" in str(error)
    await client.close()
    return False


async def main(kind, host, port):
    steps = json.loads(pathlib.Path(__file__).parent.parent.joinpath("expectations.json").read_text("utf-8"))["steps"]
    client = CLIENTS[kind]()
    await client.connect(host, port, PASSWORD)
    values = Values(f"clients.{kind}.{time.time_ns()}")
    failed = 0
    for step in steps:
        problem = await check_step(client, values, step)
        if problem:
            failed += 1
            print(f"{kind}: {step['name']}: {problem}")
    await client.close()
    if not await wrong_password_is_refused(kind, host, port):
        failed += 1
        print(f"{kind}: a wrong password is not refused")
    print(f"{kind}: {len(steps) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
