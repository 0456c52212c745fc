"""Instance types, and whether AWS can mirror them."""
from __future__ import annotations

import re
from typing import Any

from .filters import glob

# Families whose interfaces can be sources, from the user guide (2025-08-28).
MIRRORED = """a1 m4 m5* m6a m6g m6gd m6i m6id m6idn m6in m7a m7g m7gd m7i m7i-flex mac1 mac2
t3 t3a t4g c4 c5* c6a c6g c6gd c6gn c6i c6id c6in c7a c7g c7gd c7i c7i-flex
r4 r5* r6* r7* u-* u7i* x1 x1e x2* z1d d2 d3 d3en h1 i3 i3en i4g i4i i7i im4gn is4gen
dl1 dl2q f1 f2 g3 g4ad g4dn g5 g5g g6 g6e g6f gr6 gr6f inf1 inf2 p3 p3dn p4d p4de p5 p5e
trn1 trn1n vt1 hpc6a hpc6id hpc7a""".split()
METAL = """m5 m5d m6g m6gd mac* a1 c5 c5d c6g c6gd r5 r5b r5d r6g r6gd x2gd z1d i3 g5g""".split()
XEN = "t1 t2 m1 m2 m3 m4 c1 c3 c4 r3 r4 i2 d2 h1 g2 g3 p2 p3 x1 x1e f1".split()
SIZES = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge",
         "12xlarge", "16xlarge", "24xlarge", "metal"]
LISTED = ["t2", "t3", "t3a", "t4g", "m4", "m5", "m6i", "m6g", "m7i", "m8g", "c5", "c6i", "c7g",
          "c8g", "r5", "r6i"]


def mirrored(instance_type: str) -> bool:
    family, _, size = instance_type.partition(".")
    if size.startswith("metal"):
        return any(glob(p, family) for p in METAL)
    return any(glob(p, family) for p in MIRRORED)


def exists(instance_type: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.(nano|micro|small|medium|large|xlarge"
                        r"|[0-9]+xlarge|metal(-[0-9]+xl)?)", instance_type) is not None


def largest(instance_type: str) -> bool:
    """Whether an interface of it can receive from more sources than others."""
    size = instance_type.partition(".")[2]
    return size.startswith("metal") or size in ("24xlarge", "32xlarge", "48xlarge")


def describe(instance_type: str) -> dict[str, Any]:
    family, _, size = instance_type.partition(".")
    metal = size.startswith("metal")
    info: dict[str, Any] = {
        "InstanceType": instance_type, "CurrentGeneration": family not in ("t1", "m1", "m3"),
        "BareMetal": metal, "SupportedUsageClasses": ["on-demand", "spot"],
        "NetworkInfo": {"NetworkPerformance": "Up to 5 Gigabit", "Ipv6Supported": True,
                        "MaximumNetworkInterfaces": 3 if size in ("micro", "small", "large") else 4,
                        "Ipv4AddressesPerInterface": 10, "Ipv6AddressesPerInterface": 10,
                        "EnaSupport": "unsupported" if family == "t2" else "required"}}
    if not metal:
        info["Hypervisor"] = "xen" if family in XEN else "nitro"
    return info
