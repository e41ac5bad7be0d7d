"""Made-up people: embeddings around a direction of each person's own, so that figures can be known beforehand."""

import numpy as np

from gate.vision.trials import trials_of


def crowd(people, captures, *, spread=0.5, alike=0.0, seed=3, names=None):
    """Give the trials of so many *people* with so many *captures* each; *alike*: a direction they all share."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=128)
    embeddings, owners = [], []
    for person in range(people):
        own = generator.normal(size=128) + alike * shared
        for _ in range(captures):
            one = own + spread * generator.normal(size=128)
            embeddings.append((one / np.linalg.norm(one)).astype(np.float32))
            owners.append(person)
    names = names or tuple(f"person {number}" for number in range(people))
    return trials_of(owners, embeddings, people=names, images=len(owners), failures={})
