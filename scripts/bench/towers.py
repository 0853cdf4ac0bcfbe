# Towers of Hanoi: disks as linked objects on piles.
class Disk:
    __slots__ = ("size", "next")

    def __init__(self, size):
        self.size = size
        self.next = None


class Towers:
    def __init__(self, disks):
        self.piles = [None, None, None]
        self.moves = 0
        for size in range(disks, 0, -1):
            self.push(Disk(size), 0)

    def push(self, disk, pile):
        top = self.piles[pile]
        if top is not None and disk.size >= top.size:
            raise ValueError("a big disk on a small one")
        disk.next = top
        self.piles[pile] = disk

    def pop(self, pile):
        top = self.piles[pile]
        if top is None:
            raise ValueError("no disk on the pile")
        self.piles[pile] = top.next
        top.next = None
        return top

    def move(self, disks, source, target):
        if disks == 1:
            self.push(self.pop(source), target)
            self.moves += 1
            return
        other = 3 - source - target
        self.move(disks - 1, source, other)
        self.move(1, source, target)
        self.move(disks - 1, other, target)


towers = Towers(22)
towers.move(22, 0, 2)
print(f"moves {towers.moves}")
