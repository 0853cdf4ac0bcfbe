#!/usr/bin/env python3
"""Runs the benchmarks with Probate and with those peers that are installed.

A time is the user and system time of the whole process, start-up and all its threads included;
it is the median of several runs. The peers take turns, so that a slow minute of the machine hits all of them.
Every peer has to print the same text, or the run fails. Memory is the largest resident set.

The *.pbt files run under node, jsc and qjs as they are (jsc gets a `console` in front).
"""

import argparse
import contextlib
import datetime
import io
import math
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
BASELINE = "lua5.4"
JSC_CONSOLE = "globalThis.console = { log: print };"

# Name of a peer: program, arguments before the script, extension of the script, arguments that make it tell its version.
PEERS = {
    "probate": (None, [], "pbt", ["--version"]),
    "lua5.4": ("lua5.4", [], "lua", ["-v"]),
    "luajit-joff": ("luajit", ["-joff"], "lua", ["-v"]),
    "luajit": ("luajit", [], "lua", ["-v"]),
    "python3": ("python3", [], "py", ["--version"]),
    "node-jitless": ("node", ["--jitless"], "pbt", ["--version"]),
    "node": ("node", [], "pbt", ["--version"]),
    "jsc-nojit": ("jsc", ["--useJIT=false", "-e", JSC_CONSOLE], "pbt", None),
    "qjs": ("qjs", [], "pbt", ["--version"]),
}

SCALING_SIZES = (10**4, 10**5, 10**6)
# Elements altogether: a script makes small ones so much more often.
SCALING_TOTAL = 4 * 10**6


class Failed(Exception):
    """A peer ended with an error, or printed something else than the others."""


class Run:
    """What one process took and printed."""

    def __init__(self, seconds, kilobytes, output):
        self.seconds = seconds
        self.kilobytes = kilobytes
        self.output = output


class Runner:
    """Starts processes, and measures each by itself."""

    # The shell starts a child of its own and leaves, so that it becomes a child of this process. Started by this process directly, the command
    # would begin with the memory of a Python interpreter as its peak. It waits for a line, so that it does not end before the shell.
    SHELL = 'exec 3<&0; { read -r go <&3; exec "$@" 3<&- < /dev/null; } > "$OUTPUT" 2> "$ERRORS" & echo $!'

    def __init__(self, folder, limit):
        self.limit = limit
        self.output = Path(folder) / "out"
        self.errors = Path(folder) / "err"
        self.environment = dict(os.environ, LC_ALL="C", OUTPUT=str(self.output), ERRORS=str(self.errors))
        self.adopts = self._adopt_orphans()

    @staticmethod
    def _adopt_orphans():
        try:
            import ctypes

            become_subreaper = 36
            return ctypes.CDLL(None).prctl(become_subreaper, 1, 0, 0, 0) == 0
        except (AttributeError, OSError):
            return False

    def run(self, command):
        pid = self._start(command)
        deadline = time.monotonic() + self.limit
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.wait4(pid, 0)
                raise Failed(f"takes longer than {self.limit} seconds")
            time.sleep(0.002)
        status = os.waitstatus_to_exitcode(status)
        if status != 0:
            lines = (self.errors.read_text(errors="replace") + self.output.read_text(errors="replace")).splitlines()
            raise Failed(f"ended with {status}: " + " / ".join(lines[:3]))
        kilobytes = usage.ru_maxrss // 1024 if sys.platform == "darwin" else usage.ru_maxrss
        return Run(usage.ru_utime + usage.ru_stime, kilobytes, self.output.read_text(errors="replace"))

    def _start(self, command):
        if self.adopts:
            shell = ["/bin/sh", "-c", self.SHELL, "sh", *command]
            reader, writer = os.pipe()
            try:
                pid = int(subprocess.run(shell, env=self.environment, stdin=reader, stdout=subprocess.PIPE, check=True).stdout)
                os.write(writer, b"\n")
            finally:
                os.close(reader)
                os.close(writer)
            return pid
        with open(self.output, "w") as output, open(self.errors, "w") as errors:
            process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        # It is waited for by its number, and not by this object.
        process.returncode = 0
        return process.pid


class Cell:
    """The runs of one benchmark with one peer."""

    def __init__(self):
        self.seconds = []
        self.kilobytes = []
        self.failure = None

    @property
    def time(self):
        return median(self.seconds) if self.seconds and not self.failure else None

    @property
    def memory(self):
        return median(self.kilobytes) if self.kilobytes and not self.failure else None

    @property
    def spread(self):
        """The slowest run over the fastest, less one."""
        return max(self.seconds) / max(min(self.seconds), 0.001) - 1


def find_peers(wanted, probate):
    """The command of every peer that is there."""
    commands = {}
    for peer in wanted:
        program, arguments, _, _ = PEERS[peer]
        if peer == "probate":
            path = probate if os.access(probate, os.X_OK) else None
        elif peer == "python3":
            # Past version managers' wrapper scripts, which would be timed along.
            path = sys.executable
        else:
            path = shutil.which(program)
        if path is None:
            print(f"not found, left out: {peer}", file=sys.stderr)
        else:
            commands[peer] = [str(path), *arguments]
    return commands


def measure(name, commands, runs, runner):
    """Cells by peer; a peer that fails is not asked again."""
    cells = {peer: Cell() for peer in commands}
    expected = None
    for _ in range(runs):
        for peer, command in commands.items():
            cell = cells[peer]
            if cell.failure:
                continue
            try:
                run = runner.run([*command, str(HERE / f"{name}.{PEERS[peer][2]}")])
                if expected is None:
                    expected = run.output
                elif run.output != expected:
                    raise Failed(f"prints {run.output[:80]!r} instead of {expected[:80]!r}")
            except Failed as failure:
                cell.failure = str(failure)
                print(f"{name}, {peer}: {failure}", file=sys.stderr)
            else:
                cell.seconds.append(run.seconds)
                cell.kilobytes.append(run.kilobytes)
    return cells


def ratio(cells, peer, quantity):
    """Of a peer to the baseline, or None."""
    base = getattr(cells[BASELINE], quantity) if BASELINE in cells else None
    own = getattr(cells[peer], quantity)
    return own / base if own is not None and base else None


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def means(table, peers, quantity):
    result = {}
    for peer in peers:
        ratios = [ratio(cells, peer, quantity) for cells in table.values()]
        result[peer] = geometric_mean([max(value, 0.001) for value in ratios if value is not None])
    return result


def text_of(cell, value):
    if cell.failure:
        return "failed"
    return f"{cell.time * 1000:.0f}" + (f" ({value:.2f})" if value is not None else "")


def print_text(table, peers):
    width = max(map(len, [*table, "geometric mean"])) + 2
    print(f"{'ms (x ' + BASELINE + ')':<{width}}" + "".join(f"{peer:>15}" for peer in peers))
    for name, cells in table.items():
        print(f"{name:<{width}}" + "".join(f"{text_of(cells[peer], ratio(cells, peer, 'time')):>15}" for peer in peers))
    print_means(table, peers, "time", width)
    print(f"\n{'peak MB (x ' + BASELINE + ')':<{width}}" + "".join(f"{peer:>15}" for peer in peers))
    for name, cells in table.items():
        row = ""
        for peer in peers:
            memory, value = cells[peer].memory, ratio(cells, peer, "memory")
            shown = "failed" if memory is None else f"{memory / 1024:.1f}" + (f" ({value:.2f})" if value is not None else "")
            row += f"{shown:>15}"
        print(f"{name:<{width}}{row}")
    print_means(table, peers, "memory", width)


def print_means(table, peers, quantity, width):
    row = "".join(f"{value:>15.2f}" if value else f"{'':>15}" for value in means(table, peers, quantity).values())
    print(f"{'geometric mean':<{width}}{row}")


def markdown_row(cells):
    return "| " + " | ".join(cells) + " |"


def markdown_table(head, rows):
    print(markdown_row(head))
    print(markdown_row(["---"] + ["--:"] * (len(head) - 1)))
    for row in rows:
        print(markdown_row(row))
    print()


def factor(value, emphasize=False):
    if value is None:
        return "–"
    return f"**{value:.2f}**" if emphasize else f"{value:.2f}"


def print_markdown(table, commands, runs):
    """The part of docs/performance.md between its markers."""
    peers = list(commands)
    others = [peer for peer in peers if peer not in ("probate", BASELINE)]
    print(f"Measured on {datetime.date.today().isoformat()}, {runs} runs of each, on {machine()}.\n")
    for peer in peers:
        print(f"* `{peer}`: {version(peer, commands[peer])}")
    print("\n### Time\n")
    rows = []
    for name, cells in table.items():
        own, base = cells["probate"], cells.get(BASELINE, Cell())
        value = ratio(cells, "probate", "time")
        rows.append(
            [name, milliseconds(base), milliseconds(own), factor(value, value is not None and value > 1), spread(own), spread(base)]
            + [factor(ratio(cells, peer, "time")) for peer in others]
        )
    average = means(table, peers, "time")
    rows.append(["**geometric mean**", "", "", factor(average.get("probate"), True), "", ""] + [factor(average[peer]) for peer in others])
    markdown_table(
        ["", f"{BASELINE} ms", "probate ms", "**probate**", "noise of probate", f"of {BASELINE}"] + others,
        rows,
    )
    print("### Peak memory\n")
    rows = []
    for name, cells in table.items():
        value = ratio(cells, "probate", "memory")
        rows.append(
            [name, megabytes(cells.get(BASELINE, Cell())), megabytes(cells["probate"]), factor(value, value is not None and value > 1)]
            + [factor(ratio(cells, peer, "memory")) for peer in others]
        )
    average = means(table, peers, "memory")
    rows.append(["**geometric mean**", "", "", factor(average.get("probate"), True)] + [factor(average[peer]) for peer in others])
    markdown_table(["", f"{BASELINE} MB", "probate MB", "**probate**"] + others, rows)


def milliseconds(cell):
    return "failed" if cell.time is None else f"{cell.time * 1000:.0f}"


def megabytes(cell):
    return "failed" if cell.memory is None else f"{cell.memory / 1024:.1f}"


def spread(cell):
    return "–" if cell.time is None else f"{min(cell.seconds) * 1000:.0f}–{max(cell.seconds) * 1000:.0f}"


def machine():
    processor = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{processor}, {os.cpu_count()} processors, {platform.system()} {platform.release().split('-')[0]}"


def version(peer, command):
    question = PEERS[peer][3]
    if question is None:
        return "tells no version"
    try:
        answer = subprocess.run([command[0], *question], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "tells no version"
    lines = (answer.stdout + answer.stderr).splitlines()
    return lines[0].split("  ")[0].split(" -- ")[0] if lines else "tells no version"


def depth_option(command):
    """Lets calls go as deep as `call_depth` needs, if the binary can."""
    usage = subprocess.run([*command, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10).stdout
    return [f"--max-depth={max(SCALING_SIZES) + 1000}"] if "--max-depth" in usage else []


def scaling(command, runs, runner, markdown):
    """Nanoseconds an element at every size; True if all are flat within 30 %."""
    names = sorted(path.stem for path in (HERE / "scaling").glob("*.pbt"))
    command = command + depth_option(command)
    rows = []
    flat = True
    for name in names:
        script = str(HERE / "scaling" / f"{name}.pbt")
        times = {size: [] for size in SCALING_SIZES}
        for _ in range(runs):
            for size, samples in times.items():
                if samples is None:
                    continue
                try:
                    # What comes before the rounds, and the start of the process, is measured alone and taken off.
                    start = runner.run([*command, script, str(size), "0"])
                    whole = runner.run([*command, script, str(size), str(SCALING_TOTAL // size)])
                except Failed as failure:
                    print(f"{name}, {size}: {failure}", file=sys.stderr)
                    times[size] = None
                else:
                    samples.append(max(whole.seconds - start.seconds, 0.001) * 1e9 / SCALING_TOTAL)
        per_element = [samples and median(samples) for samples in times.values()]
        rows.append((name, per_element))
        flat = flat and None not in per_element and max(per_element) <= 1.3 * min(per_element)
    head = ["ns an element", *(f"n = {size:,}" for size in SCALING_SIZES), "slowest / fastest"]
    shown = []
    for name, times in rows:
        quotient = None if None in times else max(times) / min(times)
        cells = ["failed" if time is None else f"{time:.1f}" for time in times]
        shown.append([name, *cells, factor(quotient, markdown and quotient is not None and quotient > 1.3)])
    if markdown:
        markdown_table(head, shown)
    else:
        for row in [head, *shown]:
            print(f"{row[0]:<18}" + "".join(f"{cell:>18}" for cell in row[1:]))
    return flat


@contextlib.contextmanager
def written_to(file, mark):
    """Puts what is printed in place of what stands between `<!-- MARK -->` and `<!-- end of MARK -->` in a file, if one is named."""
    if file in (None, "-"):
        yield
        return
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        yield
    first, last = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->\n"
    before, found, rest = Path(file).read_text().partition(first)
    _, ends, after = rest.partition(last)
    if not found or not ends:
        raise SystemExit(f"{file} has no marks for the {mark}")
    Path(file).write_text(f"{before}{first}\n{text.getvalue().strip()}\n\n{last}{after}")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="benchmarks (all)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each; the median counts (5)")
    parser.add_argument("--peers", default=",".join(PEERS), metavar="A,B", help="which peers, with commas between (all that are found)")
    parser.add_argument("--probate", type=Path, default=HERE / "../../target/release/probate", metavar="PATH", help="the probate binary")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="of one run (120)")
    parser.add_argument(
        "--markdown",
        nargs="?",
        const="-",
        metavar="FILE",
        help="tables in Markdown; into FILE (docs/performance.md) between its marks for them, if it is given",
    )
    parser.add_argument("--scaling", action="store_true", help="time an element from 10,000 to 1,000,000 elements, Probate only")
    chosen = parser.parse_args()
    chosen.peers = [peer for peer in chosen.peers.split(",") if peer]
    for peer in chosen.peers:
        if peer not in PEERS:
            parser.error(f"no such peer: {peer}; there are {', '.join(PEERS)}")
    known = sorted(path.stem for path in HERE.glob("*.pbt"))
    chosen.names = [Path(name).stem for name in chosen.names] or known
    for name in chosen.names:
        if name not in known:
            parser.error(f"no such benchmark: {name}; there are {', '.join(known)}")
    if chosen.runs < 1:
        parser.error("--runs has to be at least 1")
    return chosen


def main():
    chosen = options()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(folder, chosen.timeout)
        if chosen.scaling:
            commands = find_peers(["probate"], chosen.probate.resolve())
            if not commands:
                return 1
            with written_to(chosen.markdown, "scaling"):
                return 0 if scaling(commands["probate"], chosen.runs, runner, chosen.markdown) else 1
        commands = find_peers(chosen.peers, chosen.probate.resolve())
        if not commands or (chosen.markdown and "probate" not in commands):
            return 1
        table = {}
        for name in chosen.names:
            print(f"{name} …", file=sys.stderr)
            table[name] = measure(name, commands, chosen.runs, runner)
    if chosen.markdown:
        with written_to(chosen.markdown, "benchmarks"):
            print_markdown(table, commands, chosen.runs)
    else:
        print_text(table, list(commands))
    return 1 if any(cell.failure for cells in table.values() for cell in cells.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
