"""The models, and that the fake cannot send what AWS cannot."""
from fakeaws import models, render
from fakeaws.errors import ContractBroken

from .kit import Aws, test


@test("each operation of the fake is in its model, newer.json resolves")
def operations(aws: Aws) -> None:
    loaded = models.load()
    names = aws.ask("GET", "operations")
    assert len(names) > 65, names
    for name in names:
        service, _, operation = name.partition(":")
        found = loaded[service].operation(operation)
        assert found is not None, name
        for shape in (found.input, found.output):
            if shape is not None:
                _walk(shape, set())


def _walk(shape: models.Shape, seen: set[str]) -> None:
    if shape.name in seen:
        return
    seen.add(shape.name)
    for member in shape.members.values():
        _walk(member.shape, seen)
    if shape.type == "list":
        _walk(shape.member.shape, seen)


@test("a response with an unknown member, type or value is not sent")
def answers(_: Aws) -> None:
    operation = models.load()["ec2"].operation("DescribeVpcs")
    assert operation is not None
    good = render.xml(operation, {"Vpcs": [{"VpcId": "<&>", "IsDefault": True, "_own": 1}]}, "id")
    assert b"<vpcSet><item><vpcId>&lt;&amp;&gt;</vpcId><isDefault>true</isDefault></item>" in good
    for bad in ({"Vpc": []}, {"Vpcs": [{"Id": "x"}]}, {"Vpcs": [{"IsDefault": "true"}]},
                {"Vpcs": [{"State": "fine"}]}, {"Vpcs": "x"}):
        try:
            render.xml(operation, bad, "id")
        except ContractBroken:
            continue
        raise AssertionError(bad)
