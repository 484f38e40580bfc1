"""Mutations of bytes, all from one seed."""

import random

# What readers of text and numbers stumble over.
TOKENS = [
    b"", b"\x00", b"\xff\xfe", b"\n", b"\r\n", b'"', b",", b";", b"\t", b"'''", b"[[", b"]]", b"=",
    b"nan", b"inf", b"-1", b"0", b"1e999", b"1e-400", b"-0.0", b"9" * 400, b"NA", b"..", b"1,5",
    b"\xed\xa0\x80", b"\xe2\x80\x8b", b"a.b.c.d", b"{}", b"true", b"2020-01-01", b"PK\x03\x04",
    b"1_000", b"0x1F", b"\xc2\xa0", b"#", b"\\", b"null",
]  # fmt: skip


def mutated(seeds: list[bytes], rng: random.Random) -> bytes:
    """Return one of the seeds after one to six mutations."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        place = rng.randint(0, len(data))
        end = min(len(data), place + rng.choice((1, 2, 8, 64)))
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[min(place, len(data) - 1)] = rng.randrange(256)
        elif kind == 1:
            data[place:place] = rng.choice(TOKENS)
        elif kind == 2:
            del data[place:end]
        elif kind == 3:
            data[place:place] = data[place:end] * rng.randint(1, 3)
        elif kind == 4:
            data[place:end] = rng.choice(TOKENS)
        elif kind == 5:
            other = rng.choice(seeds)
            start = rng.randint(0, len(other))
            data[place:end] = other[start : start + rng.choice((1, 8, 64, 512))]
        elif rng.random() < 0.2:
            del data[place:]
    return bytes(data)
