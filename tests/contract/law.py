"""tools/law finds what it is for: a small house in which one file breaks each rule, and a house without a breach."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOMS = "gatepost_room(base)\ngatepost_room(mail USES base LINKS x)\ngatepost_room(spool USES mail base)\n"

KEPT = {"core/mail/a.cpp": '#include "base/text.hpp"\n#include <gmime/gmime.h>\n', "core/spool/a.cpp": "#include <sqlite3.h>\n",
        "plugins/one/a.cpp": "#include <gatepost/provider.hpp>\n", "tools/gatepost/a.cpp": '#include "mail/address.hpp"\n'}

BROKEN = {"core/base/up.cpp": '#include "mail/address.hpp"\n', "core/mail/across.hpp": '\n#include "spool/spool.hpp"\n',
          "core/spool/mime.cpp": "#include <gmime/gmime.h>\n", "core/mail/store.cpp": "#include <sqlite3.h>\n",
          "core/mail/abi.cpp": "#include <gatepost/abi.h>\n", "plugins/one/core.cpp": '#include "base/text.hpp"\n',
          "plugins/one/curl.cpp": "#include <curl/curl.h>\n", "sdk/include/gatepost/x.hpp": '#include "mail/message.hpp"\n',
          "tools/gatepost/spool.cpp": '#include "spool/spool.hpp"\n', "core/spool/path.cpp": '#include "../base/text.hpp"\n'}


def judged(law, rooms, files):
    """Its exit code, and the file:line of everything it objects to."""
    with tempfile.TemporaryDirectory(prefix="gatepost-law-") as name:
        root = pathlib.Path(name)
        for top in ("tools", "core", "plugins", "sdk", "tests"):
            (root / top).mkdir()
        shutil.copy(law, root / "tools/law")
        (root / "core/CMakeLists.txt").write_text(rooms)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        done = subprocess.run([root / "tools/law"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def main():
    law = sys.argv[1]
    assert judged(law, ROOMS, KEPT) == (0, "include law: 3 rooms, 0 breaches\n"), judged(law, ROOMS, KEPT)
    code, said = judged(law, ROOMS, KEPT | BROKEN)
    assert code == 1, said
    for path in BROKEN:
        line = 2 if path == "core/mail/across.hpp" else 1
        assert f"{path}:{line}: " in said, f"{path} passes:\n{said}"
    assert not any(f"{path}:" in said for path in KEPT), said
    code, said = judged(law, ROOMS.replace("gatepost_room(base)", "gatepost_room(base USES spool)"), KEPT)
    assert code == 1 and "circle: base -> spool" in said, said
    print(f"{len(BROKEN)} breaches found")


main()
