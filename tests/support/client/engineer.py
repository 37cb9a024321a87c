"""An engineer at a terminal: a home of their own, the command `gatepass`, and Chromium for signing in."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, expect

from cli.demo.clients import Seen

GATEPASS = str(Path(sys.executable).with_name("gatepass"))
PATIENCE_S = 60.0


@dataclass
class Engineer:
    """Everything of theirs stands in `home`, whose path is short: sockets lie in it."""

    home: Path
    server: str
    variables: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def kept(self) -> Path:
        return self.home / ".config" / "gatepass"

    async def start(self, *words: str, **variables: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(self.home),
                "LC_ALL": "C.UTF-8",
                "BROWSER": "true",
                "PSQLRC": "/dev/null",
                **self.variables,
                **variables,
            },
        )

    async def run(self, *words: str, **variables: str) -> Seen:
        return await self.seen(await self.start(*words, **variables))

    async def gatepass(self, *words: str, **variables: str) -> Seen:
        return await self.run(GATEPASS, *words, **variables)

    async def seen(self, child: asyncio.subprocess.Process) -> Seen:
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await child.communicate()
        except TimeoutError:
            child.kill()
            await child.wait()
            raise
        return Seen(child.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))

    async def login(self, browser: Browser | BrowserContext, who: str, *words: str) -> Seen:
        """`gatepass login`, and what its person does in a browser meanwhile."""
        child = await self.start(GATEPASS, "login", self.server, *words)
        address = await self.said(child, r"    (http\S+)")
        page = await browser.new_page()
        await page.goto(address)
        await page.get_by_role("link", name="Sign in with").click()
        await page.get_by_role("button", name=who).click()
        await page.get_by_role("button", name="Sign it in").click()
        await expect(page.get_by_role("heading", name="Signed in")).to_be_visible()
        await page.close()
        return await self.seen(child)

    async def login_elsewhere(self, browser: Browser | BrowserContext, who: str) -> Seen:
        """The same where no browser is: the code is typed in on another machine."""
        child = await self.start(GATEPASS, "login", self.server, "--no-browser")
        code = await self.said(child, r"    ([A-Z]{4}-[A-Z]{4})")
        page = await browser.new_page()
        await page.goto(f"{self.server}/cli/device")
        await page.get_by_role("link", name="Sign in with").click()
        await page.get_by_role("button", name=who).click()
        await page.get_by_label("The code").fill(code)
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_role("button", name="Sign it in as").click()
        await expect(page.get_by_text("Go back to the terminal")).to_be_visible()
        await page.close()
        return await self.seen(child)

    async def said(self, child: asyncio.subprocess.Process, pattern: str) -> str:
        """What matches in a line of its standard error."""
        assert child.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await child.stderr.readline()).decode():
                if match := re.match(pattern, line):
                    return match[1]
        raise AssertionError(f"{pattern} was not said")
