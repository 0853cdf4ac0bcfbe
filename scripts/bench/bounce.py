# Bouncing balls: methods that read and write the properties of many objects.
class Random:
    def __init__(self, seed):
        self.state = seed

    def next(self, limit):
        self.state = (self.state * 1103515 + 12345) % 2147483648
        return self.state // 8 % limit


class Ball:
    __slots__ = ("x", "y", "dx", "dy")

    def __init__(self, random):
        self.x = random.next(500)
        self.y = random.next(500)
        self.dx = random.next(300) / 10 - 15
        self.dy = random.next(300) / 10 - 15

    def bounce(self):
        bounced = False
        self.x += self.dx
        self.y += self.dy
        if self.x > 500:
            self.x = 500
            self.dx = -abs(self.dx)
            bounced = True
        if self.x < 0:
            self.x = 0
            self.dx = abs(self.dx)
            bounced = True
        if self.y > 500:
            self.y = 500
            self.dy = -abs(self.dy)
            bounced = True
        if self.y < 0:
            self.y = 0
            self.dy = abs(self.dy)
            bounced = True
        return bounced


def run(count, turns):
    random = Random(74755)
    balls = [Ball(random) for _ in range(count)]
    bounces = 0
    for _ in range(turns):
        for ball in balls:
            if ball.bounce():
                bounces += 1
    return bounces


print(f"bounces {run(100, 100000)}")
