"""The tools to compare, each run in its usual way of reading a capture.

A tool has modes, which are destinations of its output. The transactions in a
mode's output are counted once.
"""
import json
import os
import re
import shutil
import subprocess


def first_line(command, pattern=r"(\d+\.\d[\w.]*)"):
    """The first match of pattern in the output of a command: its version."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "?"


class Tool:
    name = ""
    programs = ()  # names or paths; the first one found is used
    writes = ""    # the parts of a transaction that it writes
    cannot = None  # why it cannot be run although it is installed
    slow = False   # measured only once, with the standard traffic
    modes = ("file",)
    stdout_to = stderr_to = None  # suffixes of the files to redirect to

    def __init__(self, env):
        self.env = env
        self.program = next((p for p in map(shutil.which, self.programs) if p), None)

    def version(self):
        return first_line([self.program, "--version"])

    def out(self, name):
        return os.path.join(self.env.work, f"{self.name}.{name}")

    def prepare(self, mode):
        """Called before each run: removes the output of the previous one."""

    def command(self, trace, mode):
        """The command and its arguments."""
        raise NotImplementedError

    def records(self):
        """The transactions in the last run's file: see traces.score()."""
        raise NotImplementedError


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)


class Metlo(Tool):
    name = "metlo-xdp"
    writes = "heads, bodies"
    modes = ("null", "file")
    # Bodies beyond the limit are truncated by design; other flags are errors.
    allowed = {"body-limit"}

    def __init__(self, env):
        super().__init__(env)
        self.program = env.metlo

    def version(self):
        return first_line([self.program, "version"])

    def prepare(self, mode):
        remove(self.out("heads" if mode == "heads" else "ndjson"))

    def command(self, trace, mode):
        dest = {"null": "/dev/null", "heads": self.out("heads")}.get(mode, self.out("ndjson"))
        options = ["--bodies", "none"] if mode == "heads" else []
        return [self.program, "replay", *options, "--output", "ndjson:" + dest, trace.path]

    def records(self):
        with open(self.out("ndjson"), "rb") as f:
            for line in f:
                t = json.loads(line)
                cap, rsp = t["capture"], t["response"]
                if t["request"] and rsp and self.allowed.issuperset(cap["flags"]):
                    yield cap["target"], rsp["status"], cap["responseBodyBytes"]
                else:
                    yield cap["target"], None, None


SURICATA_YAML = """%YAML 1.1
---
vars:
  address-groups: {{HOME_NET: "any", EXTERNAL_NET: "any"}}
default-log-dir: {work}
stats: {{enabled: no}}
logging:
  outputs:
    - console: {{enabled: yes}}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: {eve}
      types:
        - http2
        - http:
            extended: yes
            dump-all-headers: both
app-layer:
  protocols:
    http: {{enabled: yes}}
    http2: {{enabled: yes}}
"""


class Suricata(Tool):
    name = "Suricata"
    programs = ("suricata", "/usr/bin/suricata")
    writes = "heads"
    modes = ("null", "file")

    def version(self):
        return first_line([self.program, "-V"])

    def prepare(self, mode):
        remove(self.out("json"))
        with open(self.out("yaml"), "w") as f:
            f.write(SURICATA_YAML.format(work=self.env.work, eve=(
                "/dev/null" if mode == "null" else self.out("json"))))

    def command(self, trace, mode):
        return [self.program, "-c", self.out("yaml"), "--runmode", "single", "-k", "none",
                "-S", "/dev/null", "-l", self.env.work, "-r", trace.path]

    def records(self):
        with open(self.out("json"), "rb") as f:
            for line in f:
                event = json.loads(line)
                http = event.get("http", {})
                # Stream 0 of HTTP/2 has settings only.
                if event["event_type"] == "http" and http.get("http2", {}).get("stream_id", 1):
                    yield http.get("url"), http.get("status"), None


class Tshark(Tool):
    name = "tshark"
    programs = ("tshark",)
    writes = "target, status"
    slow = True
    stdout_to = "txt"

    def command(self, trace, mode):
        return [self.program, "-n", "-r", trace.path, "-Y", "http.response", "-T", "fields",
                "-e", "http.response_for.uri", "-e", "http.response.code"]

    def records(self):
        with open(self.out("txt")) as f:
            for line in f:
                uri, _, status = line.rstrip("\n").partition("\t")
                target = re.sub(r"^http://[^/]*", "", uri)
                yield target, int(status) if status.isdigit() else None, None


class Zeek(Tool):
    name = "Zeek"
    programs = ("zeek", "/opt/zeek/bin/zeek")
    writes = "target, status, some headers"
    slow = True

    def prepare(self, mode):
        remove(os.path.join(self.env.work, "http.log"))

    def command(self, trace, mode):
        return [self.program, "-C", "-r", trace.path, "LogAscii::use_json=T"]

    def records(self):
        with open(os.path.join(self.env.work, "http.log")) as f:
            for line in f:
                t = json.loads(line)
                yield t.get("uri"), t.get("status_code"), t.get("response_body_len")


ARKIME_INI = """[default]
elasticsearch=http://127.0.0.1:1
pcapDir={work}
parsersDir={parsers}
pluginsDir={parsers}
rirFile=
geoLite2Country=
geoLite2ASN=
"""


class Arkime(Tool):
    """Reports sessions with their targets but does not pair requests with
    responses: each target that it reports counts as a complete transaction."""
    name = "Arkime"
    programs = ("/opt/arkime/bin/capture",)
    writes = "targets per session"
    slow = True
    stderr_to = "json"

    def prepare(self, mode):
        base = os.path.dirname(os.path.dirname(self.program))
        with open(self.out("ini"), "w") as f:
            f.write(ARKIME_INI.format(work=self.env.work, parsers=os.path.join(base, "parsers")))

    def command(self, trace, mode):
        self.truth = trace.truth
        return [self.program, "-c", self.out("ini"), "-n", "bench", "--tests", "--dryrun",
                "-r", trace.path]

    def records(self):
        with open(self.out("json"), errors="replace") as f:
            sessions = json.load(f)["sessions3"]
        for session in sessions:
            for uri in session["body"].get("http", {}).get("uri", []):
                target = "/" + uri.lstrip("/").partition("/")[2]
                yield target, self.truth.get(target, (None,))[0], None


class Packetbeat(Tool):
    name = "Packetbeat"
    programs = ("packetbeat", "/usr/share/packetbeat/bin/packetbeat")
    cannot = "does not decode VXLAN"

    def version(self):
        return first_line([self.program, "version"])


class GoReplay(Tool):
    name = "GoReplay"
    programs = ("gor", "goreplay")
    cannot = "does not decode VXLAN in capture files"

    def version(self):
        return first_line([self.program, "--version"])


OTHER_TOOLS = (Suricata, Tshark, Zeek, Arkime, Packetbeat, GoReplay)
