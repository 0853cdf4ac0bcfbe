# Mandelbrot: floating-point numbers in local variables.
def mandelbrot(size, limit):
    inside = 0
    steps = 0
    for row in range(size):
        ci = 2 * row / size - 1
        for column in range(size):
            cr = 2 * column / size - 1.5
            r = i = rr = ii = 0.0
            n = 0
            while n < limit and rr + ii <= 4:
                i = 2 * r * i + ci
                r = rr - ii + cr
                rr = r * r
                ii = i * i
                n += 1
            steps += n
            if n == limit:
                inside += 1
    return f"inside {inside}, steps {steps}"


print(mandelbrot(900, 100))
