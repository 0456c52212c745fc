"""Types for the tests of gRPC, without protoc: a FileDescriptorSet, and random
messages of them. Needs python's protobuf."""
import random
import struct

from google.protobuf.message import DecodeError
from google.protobuf import (any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, empty_pb2, field_mask_pb2,
                             json_format, message_factory, struct_pb2, timestamp_pb2, wrappers_pb2)

D = descriptor_pb2.FieldDescriptorProto
SCALARS = ["double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "bytes",
           "uint32", "sfixed32", "sfixed64", "sint32", "sint64"]
TYPE = {name: getattr(D, "TYPE_" + name.upper()) for name in SCALARS}
KNOWN = [any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2]
WRAPPERS = ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"]
KEYS = ["int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "uint32", "sfixed32", "sfixed64",
        "sint32", "sint64"]


def field(message, name, number, kind, repeated=False, **more):
    """Adds a field; kind: a scalar, or the full name of a message or ".enum:name"."""
    f = message.field.add(name=name, number=number, label=D.LABEL_REPEATED if repeated else D.LABEL_OPTIONAL)
    if kind in TYPE:
        f.type = TYPE[kind]
    elif kind.startswith("enum:"):
        f.type, f.type_name = D.TYPE_ENUM, kind[5:]
    elif kind.startswith("group:"):
        f.type, f.type_name = D.TYPE_GROUP, kind[6:]
    else:
        f.type, f.type_name = D.TYPE_MESSAGE, kind
    for key, value in more.items():
        setattr(f, key, value)
    return f


def add_map(message, full, name, number, key, value):
    entry = message.nested_type.add(name="".join(p.capitalize() for p in name.split("_")) + "Entry")
    entry.options.map_entry = True
    field(entry, "key", 1, key)
    field(entry, "value", 2, value)
    field(message, name, number, f"{full}.{entry.name}", True)


def enum(parent, name, alias=False):
    e = parent.add(name=name)
    for text, number in (("ZERO", 0), ("ONE", 1), ("MINUS", -1), ("BIG", 2147483647)):
        e.value.add(name=f"{name.upper()}_{text}", number=number)
    if alias:
        e.options.allow_alias = True
        e.value.add(name=f"{name.upper()}_ALSO_ONE", number=1)


def all_kinds(package, proto2):
    """A message with every kind of field."""
    m = descriptor_pb2.DescriptorProto(name="All")
    full = f".{package}.All"
    number = 1
    for kind in SCALARS:
        field(m, f"one_{kind}", number, kind)
        field(m, f"many_{kind}s_", number + 100, kind, True)
        if not proto2:
            m.oneof_decl.add(name=f"_opt_{kind}")
        number += 1
    field(m, "one_enum", 20, f"enum:.{package}.Color")
    field(m, "many_enum", 120, f"enum:.{package}.Color", True)
    field(m, "self", 21, full)
    field(m, "selves", 121, full, True)
    field(m, "inner", 22, f"{full}.Inner")
    for i, key in enumerate(KEYS):
        add_map(m, full, f"map_{key}", 200 + i, key, SCALARS[i])
    add_map(m, full, "map_message", 220, "string", full)
    add_map(m, full, "map_enum", 221, "int32", f"enum:.{package}.Color")
    add_map(m, full, "map_value", 222, "string", ".google.protobuf.Value")
    inner = m.nested_type.add(name="Inner")
    field(inner, "x", 1, "int32")
    field(inner, "camel_caseName_2x", 2, "string")
    field(inner, "renamed", 3, "string", json_name="other \"name\"")
    for i, name in enumerate(["Any", "Timestamp", "Duration", "FieldMask", "Struct", "Value", "ListValue", "Empty"] +
                             [w + "Value" for w in WRAPPERS]):
        field(m, f"known_{name.lower()}", 300 + i, f".google.protobuf.{name}")
        field(m, f"knowns_{name.lower()}", 340 + i, f".google.protobuf.{name}", True)
    field(m, "null", 330, "enum:.google.protobuf.NullValue")
    if proto2:
        group = m.nested_type.add(name="Grp")
        field(group, "y", 1, "string")
        field(m, "grp", 400, f"group:{full}.Grp")
        field(m, "with_default", 401, "int32", default_value="7")
        m.extension_range.add(start=1000, end=2000)
    else:
        for i, kind in enumerate(SCALARS):
            f = field(m, f"opt_{kind}", 50 + i, kind, proto3_optional=True)
            f.oneof_index = i
    at = len(m.oneof_decl)
    m.oneof_decl.add(name="choice")
    for i, kind in enumerate(["string", "int32", "double", "bytes", full, "enum:.%s.Color" % package]):
        field(m, f"choice_{i}", 80 + i, kind).oneof_index = at
    if not proto2:      # synthetic oneofs come last
        real = m.oneof_decl[at].name
        for i in range(at, 0, -1):
            m.oneof_decl[i].name = m.oneof_decl[i - 1].name
        m.oneof_decl[0].name = real
        for f in m.field:
            if f.HasField("oneof_index"):
                f.oneof_index = 0 if f.name.startswith("choice") else f.oneof_index + 1
    return m


def files():
    three = descriptor_pb2.FileDescriptorProto(name="three.proto", package="lab.three", syntax="proto3")
    two = descriptor_pb2.FileDescriptorProto(name="two.proto", package="lab.two", syntax="proto2")
    for file, proto2 in ((three, False), (two, True)):
        file.dependency.extend(m.DESCRIPTOR.name for m in KNOWN)
        enum(file.enum_type, "Color", alias=True)
        file.message_type.append(all_kinds(file.package, proto2))
    two.extension.add(name="ext_text", number=1000, label=D.LABEL_OPTIONAL, type=TYPE["string"],
                      extendee=".lab.two.All")
    two.extension.add(name="ext_list", number=1001, label=D.LABEL_REPEATED, type=TYPE["int64"],
                      extendee=".lab.two.All")
    two.message_type[0].extension.add(name="nested_ext", number=1002, label=D.LABEL_OPTIONAL,
                                      type=D.TYPE_MESSAGE, type_name=".lab.two.All.Inner", extendee=".lab.two.All")
    service = three.service.add(name="Echo")
    service.method.add(name="Unary", input_type=".lab.three.All", output_type=".lab.three.All")
    service.method.add(name="Inside", input_type=".lab.three.All.Inner", output_type=".lab.three.All")
    service = two.service.add(name="Old")
    service.method.add(name="Unary", input_type=".lab.two.All", output_type=".lab.two.All")
    return [three, two]


class Types:
    def __init__(self):
        self.pool = descriptor_pool.DescriptorPool()
        self.set = descriptor_pb2.FileDescriptorSet()
        for module in KNOWN:
            self.add(module.DESCRIPTOR.serialized_pb)
        for file in files():
            self.add(file.SerializeToString())
        # Older versions print the name of a repeated extension without brackets.
        message = self.new("lab.two.All")()
        message.Extensions[self.pool.FindExtensionByName("lab.two.ext_list")].append(1)
        self.brackets_lists = "[lab" in json_format.MessageToJson(message)
        # And they keep an entry whose value has no name.
        self.drops_entries = not self.new("lab.two.All").FromString(MAP_OF_ODD_ENUM).map_enum
        self.ordinary = [self.new("lab.three.All"), self.new("lab.two.All"), self.new("lab.three.All.Inner")]

    def new(self, name):
        """The class of a message."""
        descriptor = self.pool.FindMessageTypeByName(name)
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self.pool).GetPrototype(descriptor)

    def add(self, serialized):
        self.pool.AddSerializedFile(serialized)
        self.set.file.add().ParseFromString(serialized)


def random_text(r):
    return "".join(r.choice("ab0 _-\"\\/<>\x00\x01\x1f\x7f\n\té€𐍈\u2028") for _ in range(r.randrange(6)))


def random_scalar(r, f):
    t = f.type
    if t in (D.TYPE_DOUBLE, D.TYPE_FLOAT):
        bits = r.getrandbits(64)
        v = r.choice([0.0, -0.0, 1.5, 0.1, 1e300, 5e-324, float("inf"), float("-inf"), float("nan"),
                      struct.unpack("<d", struct.pack("<Q", bits))[0], r.random(), r.randrange(1000000)])
        if t == D.TYPE_FLOAT:
            v = struct.unpack("<f", struct.pack("<I", bits & 0xffffffff))[0] if abs(v) > 3e38 or r.random() < .5 \
                else v
        return v
    if t == D.TYPE_BOOL:
        return r.random() < .5
    if t == D.TYPE_STRING:
        return random_text(r)
    if t == D.TYPE_BYTES:
        return bytes(r.getrandbits(8) for _ in range(r.randrange(6)))
    if t == D.TYPE_ENUM:
        if f.enum_type.full_name == "google.protobuf.NullValue":
            return 0
        values = [v.number for v in f.enum_type.values]
        return r.choice(values if f.enum_type.file.name == "two.proto" else values + [7, -5])
    low, high = {D.TYPE_INT32: (-2**31, 2**31), D.TYPE_SINT32: (-2**31, 2**31), D.TYPE_SFIXED32: (-2**31, 2**31),
                 D.TYPE_UINT32: (0, 2**32), D.TYPE_FIXED32: (0, 2**32)}.get(
        t, (-2**63, 2**63) if t in (D.TYPE_INT64, D.TYPE_SINT64, D.TYPE_SFIXED64) else (0, 2**64))
    return r.choice([0, 1, low, high - 1, r.randrange(low, high), r.randrange(128)])


def fill_any(types, r, m, depth):
    inner = r.choice(types.ordinary + [types.new("google.protobuf." + n) for n in
                                       ("Timestamp", "Duration", "Struct", "Int64Value", "Empty", "Any",
                                        "FieldMask", "Value", "ListValue", "StringValue")])()
    fill(types, r, inner, depth + 2)
    m.type_url = r.choice(["type.googleapis.com/", "x/y/"]) + inner.DESCRIPTOR.full_name
    m.value = inner.SerializeToString()


def fill_special(types, r, m, depth):
    """Types that have a JSON form of their own, within what it allows."""
    name = m.DESCRIPTOR.full_name.removeprefix("google.protobuf.")
    if name == "Any":
        fill_any(types, r, m, depth)
    elif name == "Timestamp":
        m.seconds = r.choice([0, -62135596800, 253402300799, r.randrange(-62135596800, 253402300799)])
        m.nanos = r.choice([0, 1, 1000, 1000000, 999999999, 120000000])
    elif name == "Duration":
        sign = r.choice([1, -1])
        m.seconds = sign * r.choice([0, 1, 315576000000, r.randrange(100000)])
        m.nanos = sign * r.choice([0, 1, 1000, 1000000, 999999999])
    elif name == "FieldMask":
        m.paths.extend(r.choice(["a", "foo_bar.baz", "x1.y_z"]) for _ in range(r.randrange(3)))
    elif name == "Value":
        kind = r.randrange(7 if depth < 4 else 5)
        if kind == 1:
            m.null_value = 0
        elif kind == 2:
            m.number_value = r.choice([0.0, 1.5, -1e30, 3.0])
        elif kind == 3:
            m.string_value = random_text(r)
        elif kind == 4:
            m.bool_value = r.random() < .5
        elif kind == 5:
            fill_special(types, r, m.struct_value, depth + 1)
            m.struct_value.SetInParent()
        elif kind == 6:
            fill_special(types, r, m.list_value, depth + 1)
            m.list_value.SetInParent()
    elif name == "Struct":
        for _ in range(r.randrange(3)):
            fill_special(types, r, m.fields[random_text(r)], depth + 1)
    elif name == "ListValue":
        for _ in range(r.randrange(3)):
            fill_special(types, r, m.values.add(), depth + 1)
    elif name.endswith("Value"):
        m.value = random_scalar(r, m.DESCRIPTOR.fields_by_name["value"])


def fill_map(types, r, m, f, depth):
    target = getattr(m, f.name)
    key, value = f.message_type.fields_by_name["key"], f.message_type.fields_by_name["value"]
    for _ in range(r.randrange(3)):
        k = random_scalar(r, key)
        if value.message_type:
            fill(types, r, target[k], depth + 1)
        else:
            target[k] = random_scalar(r, value)


def fill(types, r, m, depth=0):
    """Sets random fields of a message."""
    if m.DESCRIPTOR.file.package == "google.protobuf":
        fill_special(types, r, m, depth)
        return
    fields = list(m.DESCRIPTOR.fields)
    for f in r.sample(fields, r.randrange(min(len(fields), 12 if depth == 0 else 4) + 1)):
        repeated = f.is_repeated if hasattr(f, "is_repeated") else f.label == f.LABEL_REPEATED
        if f.message_type and f.message_type.GetOptions().map_entry:
            if depth < 4:
                fill_map(types, r, m, f, depth)
        elif f.message_type:
            if depth >= 4:
                continue
            for _ in range(r.randrange(3) if repeated else 1):
                sub = getattr(m, f.name).add() if repeated else getattr(m, f.name)
                if not repeated:
                    sub.SetInParent()
                fill(types, r, sub, depth + 1)
        elif repeated:
            getattr(m, f.name).extend(random_scalar(r, f) for _ in range(r.randrange(4)))
        else:
            setattr(m, f.name, random_scalar(r, f))
    if m.DESCRIPTOR.full_name == "lab.two.All" and r.random() < .3:
        ext = types.pool.FindExtensionByName("lab.two.ext_text")
        m.Extensions[ext] = random_text(r)
        if types.brackets_lists:
            m.Extensions[types.pool.FindExtensionByName("lab.two.ext_list")].extend([1, -1])
        m.Extensions[types.pool.FindExtensionByName("lab.two.All.nested_ext")].x = 3


# Records that only some messages have a field for, or not of this type.
MAP_OF_ODD_ENUM = bytes.fromhex("ea0d0408011063")
ODD = [bytes.fromhex(h) for h in (
    "f8ffffff0f05", "faffffff0f026869", "fdffffff0f01020304", "f9ffffff0f3132333435363738",
    "fbffffff0f0801fcffffff0f",     # unknown fields of each wire type
    "a00163",                       # an enum with a number that has no name
    "c2070301630a",                 # the same, packed, after one that has
    "c20c00",                       # an entry without key and value
    "c20c0a08071900000000000000",   # an entry without a value that fits
    "0805", "2a00",                 # other wire types than the field has
    "aa0100", "aa01020802",         # an empty message, and one merged with it
    "82050161", "8a05020102",         # packed numbers, and one of a field of text
)]


def odd(types, r):
    choice = r.choice(ODD + [MAP_OF_ODD_ENUM])
    if r.random() < .4 or (choice == MAP_OF_ODD_ENUM and not types.drops_entries):
        return b""
    return choice


def random_message(types, r):
    """A message (None: malformed) and its bytes: sometimes two merged, with odd records."""
    cls = r.choice(types.ordinary)
    parts = []
    for _ in range(1 if r.random() < .7 else 2):
        part = cls()
        fill(types, r, part)
        parts.append(part.SerializeToString())
    wire = odd(types, r).join(parts) + odd(types, r)
    message = cls()
    try:
        message.ParseFromString(wire)
    except DecodeError:
        return cls, None, wire
    return cls, message, wire
