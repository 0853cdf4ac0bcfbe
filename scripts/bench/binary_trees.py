# Allocation: the binary trees of the Computer Language Benchmarks Game, depth 14.
def bottom_up(depth):
    if depth == 0:
        return {"left": None, "right": None}
    return {"left": bottom_up(depth - 1), "right": bottom_up(depth - 1)}


def check(node):
    if node["left"] is None:
        return 1
    return 1 + check(node["left"]) + check(node["right"])


def run(max_depth):
    min_depth = 4
    stretch = max_depth + 1
    print(f"stretch tree of depth {stretch}\t check: {check(bottom_up(stretch))}")

    long_lived = bottom_up(max_depth)
    for depth in range(min_depth, max_depth + 1, 2):
        trees = 2 ** (max_depth - depth + min_depth)
        total = 0
        for _ in range(trees):
            total += check(bottom_up(depth))
        print(f"{trees}\t trees of depth {depth}\t check: {total}")
    print(f"long lived tree of depth {max_depth}\t check: {check(long_lived)}")


run(14)
