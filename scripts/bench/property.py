# Properties: 2·10^7 turns of reads and writes on dictionaries and on instances of a small class.
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def plain(turns):
    a = {"x": 0, "y": 1, "z": 2}
    for _ in range(turns):
        a["x"] = a["y"]
        a["y"] = a["z"] + 1
        a["z"] = a["x"]
    return a["x"] + a["y"] + a["z"]


def instances(turns):
    p = Point(0, 1)
    q = Point(2, 3)
    for _ in range(turns):
        p.x = q.y
        q.y = p.y + 1
        p.y = q.x
        q.x = p.x
    return p.x + p.y + q.x + q.y


print(f"plain {plain(10000000)}, instances {instances(10000000)}")
