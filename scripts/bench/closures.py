# Closures: making a million, and calling through captured variables.
def counter(step):
    n = 0

    def tick():
        nonlocal n
        n += step
        return n

    return tick


def compose(f, g):
    return lambda x: f(g(x))


def make(turns):
    total = 0
    for i in range(turns):
        tick = counter(i % 7)
        tick()
        total += tick()
    return total


def call(turns):
    tick = counter(3)
    both = compose(lambda x: x + 1, lambda x: x * 2)
    total = 0
    for i in range(turns):
        total += both(i) + tick()
    return total


print(f"made {make(2000000)}, called {call(5000000)}")
