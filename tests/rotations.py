"""Three residents who agreed, to see how a change of epoch leaves them."""

from tests.consents import give

FACES = {"301": b"a" * 512, "302": b"b" * 512, "303": b"c" * 512}


def keep(_old_seed, _new_seed, templates):
    """Stand in for the transform, which has its own tests."""
    return list(templates)


def three_residents(store, at):
    """Enrol three; give unit -> (person, template)."""
    made = {}
    for unit, face in FACES.items():
        person = store.people.add(unit, "Ann", "")
        made[unit] = person, give(store, person, at=at, template=face).template
    return made


def faces(store, at):
    """Give what opens, template -> bytes; nothing may be faulty."""
    gallery = store.templates.gallery(at)
    assert gallery.faulty == ()
    return dict(gallery.templates)
