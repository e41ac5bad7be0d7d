"""What the tests of consents look at in a store."""


def ids(store, at):
    return [template for template, _ in store.templates.gallery(at).templates]


def kinds(store, person):
    return [event.kind.value for event in store.consents.record(person)]


def audited(store):
    return [entry.action for entry in store.audit.entries() if entry.action.startswith("consent")]


def states(store, person):
    return [consent.state for consent in store.consents.of(person)]
