"""Configurations with a mistake: `gatepost config check` and `gatepostd --check` name each with file, line and reason and leave with 78;
so does a daemon that is started on them. (Every message there is stands in tests/unit/config; here is the way to the person.)"""

import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import Client, arguments, expect, gateway_of  # noqa: E402

OUTBOX = 'provider = "outbox"\n[settings]\npath = "/tmp/never-made"\n'

# gatepost.toml, connections.d/one.toml, what is said: file:line, then a part of the reason.
BROKEN = [
    ("", OUTBOX.replace("path", "pth"), [("one.toml:3", 'did you mean "path"')]),
    ("", OUTBOX.replace('"/tmp/never-made"', "5"), [("one.toml:3", "settings.path")]),
    ("", 'provider = "outbox"\n', [("one.toml", "path")]),
    ("", OUTBOX.replace('"outbox"', '"outbocks"'), [("one.toml:1", ", outbox, ")]),
    ("", '[settings]\npath = "/tmp/x"\n', [("one.toml", "provider")]),
    ("", OUTBOX.replace("[settings]", "activ = true\n[settings]"), [("one.toml:2", 'did you mean "active"')]),
    ("", OUTBOX.replace("[settings]", "[limits]\nconcurrency = 0\n[settings]"), [("one.toml:3", "limits.concurrency")]),
    ("", "provider = \n", [("one.toml:1", "")]),
    ('default = "two"\n', OUTBOX, [("gatepost.toml:1", "two")]),
    ("lisen = 5\n", OUTBOX, [("gatepost.toml:1", "listen")]),
    ("[retry]\nfirst = \"soon\"\n", OUTBOX, [("gatepost.toml:2", "retry.first")]),
    ("x = 1\ny = 2\n", OUTBOX, [("gatepost.toml:1", "x"), ("gatepost.toml:2", "y")]),
    ("", OUTBOX.replace("path", "pth") + "x = 1\n[limits]\nper_minut = 5\n",
     [("one.toml:3", "pth"), ("one.toml:4", "x"), ("one.toml:6", 'did you mean "per_minute"')]),
]


def write(path, text):
    path.write_text(text)
    path.chmod(0o600)


def check(gateway, cli, main_file, connection, expected):
    write(gateway.config / "gatepost.toml", main_file)
    write(gateway.config / "connections.d" / "one.toml", connection)
    said = cli("config", "check", "--config", gateway.config, "--plugins", gateway.plugins[0], code=78)
    lines = said.splitlines()
    for place, reason in expected:
        expect(any(str(gateway.config) in line and place in line and reason in line for line in lines),
               f"{place} with {reason!r} is not in:\n{said}\nfor\n{main_file}---\n{connection}")
    expect(len(lines) >= len(expected), said)
    own = subprocess.run(gateway.command("--check"), capture_output=True, text=True, timeout=60, check=False)
    expect(own.returncode == 78 and own.stderr == said, f"gatepostd --check left with {own.returncode}: {own.stderr}")
    expect(not gateway.state.exists(), "--check left something in the state folder")
    started = subprocess.run(gateway.command(), capture_output=True, text=True, timeout=60, check=False)
    expect(started.returncode == 78 and expected[0][0] in started.stderr, f"started with {started.returncode}: {started.stderr}")
    shutil.rmtree(gateway.state, ignore_errors=True)
    expect(not gateway.socket.exists(), "a daemon that refuses its configuration leaves a socket")


# What only the plugin can say of its settings; a daemon that starts goes on without that connection.
OBJECTED = [
    ('provider = "smtp"\n[settings]\nsecurity = "none"\n', "one.toml", "settings.host"),
    ('provider = "smtp"\n[settings]\nhost = "mail.example.com"\npassword = "x"\n', "one.toml:2", "settings.username"),
    ('provider = "smtp"\n[settings]\nhost = "smtp://mail.example.com"\n', "one.toml:3", "settings.host"),
]


def check_objections(gateway, cli):
    write(gateway.config / "gatepost.toml", "")
    for connection, place, key in OBJECTED:
        write(gateway.config / "connections.d" / "one.toml", connection)
        said = cli("config", "check", "--config", gateway.config, "--plugins", gateway.plugins[0], code=78)
        expect(place in said and key in said, f"{place} {key} is not in:\n{said}")


def main():
    given = arguments()
    with gateway_of(given, outbox=False) as gateway:
        cli = Client(given, gateway)
        for main_file, connection, expected in BROKEN:
            check(gateway, cli, main_file, connection, expected)
        write(gateway.config / "gatepost.toml", "")
        check_objections(gateway, cli)
        write(gateway.config / "connections.d" / "one.toml", OUTBOX)
        (gateway.config / "connections.d" / "one.toml").chmod(0o666)  # whoever writes there decides where mail goes
        said = cli("config", "check", "--config", gateway.config, "--plugins", gateway.plugins[0], code=78)
        expect("one.toml" in said and "writ" in said, said)
        (gateway.config / "connections.d" / "one.toml").chmod(0o600)
        said = cli("config", "check", "--config", gateway.config, "--plugins", gateway.plugins[0])
        expect("all is well; connections: 1" in said, said)
        whole = ("config", "check", "--config", gateway.config, "--plugins", gateway.plugins[0])
        expect(cli.json(*whole) == {"config": str(gateway.config), "connections": 1}, "--json")
        write(gateway.config / "connections.d" / "one.toml", OUTBOX.replace("path", "pth"))
        problem = cli.json(*whole, code=78)
        expect(problem["type"] == "urn:gatepost:config" and "one.toml:3" in problem["errors"][1]["pointer"], f"{problem}")
        (gateway.config / "connections.d" / "one.toml").unlink()
        said = cli(*whole)
        expect("no connection: nothing can be sent" in said and "well" not in said, said)
        for option, place in (("--config", "nowhere"), ("--plugins", "nowhere")):
            rest = ("--config", gateway.config) if option == "--plugins" else ()
            said = cli("config", "check", *rest, option, gateway.folder / place, code=78)
            expect(said == f"{option}: there is no folder {gateway.folder / place}\n", said)
        write(gateway.config / "gatepost.toml", f'[[listen]]\npath = "{gateway.socket}"\n')
        for words in ((), ("--check",)):
            left = subprocess.run(gateway.command(*words), capture_output=True, text=True, timeout=60, check=False)
            expect(left.returncode == 78 and f"{gateway.socket} stands in [[listen]] of gatepost.toml and in --socket" in left.stderr,
                   f"{left.returncode}: {left.stderr}")
        shutil.rmtree(gateway.state)
        expect(not gateway.state.exists(), "--check left something in the state folder")
        expect(not pathlib.Path("/tmp/never-made").exists(), "--check made what a connection names")


main()
