"""The first words of the library's generator (splitmix64 seeding, xoshiro256++), in plain Python.

Prints the two words that tests/unit/base_test.cpp expects for seed 42.
"""
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


if __name__ == "__main__":
    print(*(hex(w) for w in words(42, 2)))
