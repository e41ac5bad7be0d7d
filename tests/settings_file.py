"""A gate's settings file, for what reads one: nothing in it that a gate could do without."""

_SMALLEST = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
{site}
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
{door}
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
{storage}
{more}
"""


def settings_text(folder, *, site="", door="", storage="", more=""):
    """Give the text of a settings file; site, door, storage: lines more in those tables; more: whole tables."""
    return _SMALLEST.format(folder=folder, site=site, door=door, storage=storage, more=more)


def settings_file(folder, **more):
    """Write a settings file into *folder*, with what settings_text takes; give its path."""
    path = folder / "gate.toml"
    path.write_text(settings_text(folder, **more))
    return path
