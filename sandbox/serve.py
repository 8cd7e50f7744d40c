"""Opens the doors of a world on the loopback."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from aiohttp import web

from sandbox.control import control_app
from sandbox.vendors import vendors_app
from sandbox.world import World

HOST = "127.0.0.1"
FREE_PORTS = range(20_000, 32_768)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where to listen; after the start, where it listens."""

    control: int = 8800
    store: int = 8801
    supplier: int = 8802
    aggregator: int = 8803
    vendors: int = 0  # any free one

    def __str__(self) -> str:
        names = ("control", "store", "supplier", "aggregator", "vendors")
        return " ".join(f"{name}=http://{HOST}:{getattr(self, name)}" for name in names)


@asynccontextmanager
async def serve(world: World, ports: Ports, *, idle: bool) -> AsyncIterator[Ports]:
    """The world lives while the context does. ``idle``: no history and no orders of its own."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(world.close)
        real = Ports(
            control=await _open(stack, control_app(world), ports.control),
            store=await _open(stack, world.store.app(), ports.store),
            supplier=await _open(stack, world.supplier.app(), ports.supplier),
            aggregator=await _open(stack, world.aggregator.app(), ports.aggregator),
            vendors=await _open(stack, vendors_app(world.vendors, world.faults), ports.vendors),
        )
        world.store.url = f"http://{HOST}:{real.store}"
        if not idle:
            world.remember()
        life = asyncio.create_task(world.run(idle=idle))
        stack.push_async_callback(_end, life)
        yield real


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _open(stack: AsyncExitStack, app: web.Application, port: int) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    taken = listen(port)
    await web.SockSite(runner, taken).start()
    return int(taken.getsockname()[1])


def listen(port: int) -> socket.socket:
    """The port, or for 0 any free one below the range that outgoing connections use."""
    for candidate in [port] if port else random.sample(FREE_PORTS, 50):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, candidate))
        except OSError as problem:
            taken.close()
            refusal = problem
        else:
            return taken
    raise OSError(f"cannot listen on {HOST}:{port or 'any of 50 ports'}: {refusal}")
