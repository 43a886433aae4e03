"""The first words of the library's generator (splitmix64 seeding, xoshiro256++), in plain Python.

Prints what tests/unit/base_test.cpp and values_test.cpp expect for seed 42: two words, the first word
of stream 3, four normal values.
"""
import math

M = (1 << 64) - 1


def splitmix64(x):
    x = (x + 0x9E3779B97F4A7C15) & M
    z = x
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return x, z ^ (z >> 31)


def words(seed, count):
    def rot(x, k):
        return ((x << k) | (x >> (64 - k))) & M

    s = []
    for _ in range(4):
        seed, w = splitmix64(seed)
        s.append(w)
    for _ in range(count):
        yield (rot((s[0] + s[3]) & M, 23) + s[0]) & M
        t = (s[1] << 17) & M
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rot(s[3], 45)


def stream(seed, number):
    """The seed of a stream of its own."""
    _, mixed = splitmix64(seed)
    return splitmix64(mixed ^ ((number + 0x632BE59BD9B4E019) & M))[1]


def normals(seed, count):
    """The polar method (Marsaglia), both values of a pair used."""
    uniform = ((w >> 11) * 2.0**-53 for w in words(seed, 10**6))
    out = []
    while len(out) < count:
        u, v = 2 * next(uniform) - 1, 2 * next(uniform) - 1
        s = u * u + v * v
        if 0 < s < 1:
            factor = math.sqrt(-2 * math.log(s) / s)
            out += [u * factor, v * factor]
    return out[:count]


if __name__ == "__main__":
    print(*(hex(w) for w in words(42, 2)))
    print(*(hex(w) for w in words(stream(42, 3), 1)))
    print(*(repr(value) for value in normals(42, 4)))
