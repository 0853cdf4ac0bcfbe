# Permute: all orders of an array by swapping, and what a few of them add up to.
def permutations(size):
    items = list(range(size))
    count = 0
    total = 0

    def swap(i, j):
        items[i], items[j] = items[j], items[i]

    def permute(n):
        nonlocal count, total
        if n == 0:
            count += 1
            total = (total + items[0] * (count % 5)) % 1000003
            return
        last = n - 1
        permute(last)
        for i in range(last - 1, -1, -1):
            swap(last, i)
            permute(last)
            swap(last, i)

    permute(size)
    return f"count {count}, sum {total}"


print(permutations(10))
