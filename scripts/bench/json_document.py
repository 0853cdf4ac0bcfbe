# JSON: a document of 5 MB is generated, parsed, looked through and written again.
import json
import math


def generate(count):
    state = 42

    def random(limit):
        nonlocal state
        state = (state * 1103515 + 12345) % 2147483648
        return state // 8 % limit

    words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath"]
    records = []
    for i in range(count):
        tags = [f'"{words[random(8)]}"' for _ in range(random(4) + 1)]
        scores = [f"{random(1000)}.{random(9) + 1}" for _ in range(6)]
        name = f"{words[random(8)]} {words[random(8)]}"
        active = "true" if random(2) == 0 else "false"
        records.append(
            f'{{"id":{i},"name":"{name}","active":{active},"owner":null,"tags":[{",".join(tags)}],'
            f'"address":{{"street":"{random(200)} {words[random(8)]} road","city":"{words[random(8)]}",'
            f'"zip":"{10000 + random(80000)}"}},'
            f'"scores":[{",".join(scores)}],"note":"said \\"{words[random(8)]}\\"\\nand left"}}'
        )
    return f"[{','.join(records)}]"


def checksum(records):
    total = 0
    for record in records:
        total += record["id"] % 7 + len(record["name"]) + len(record["tags"])
        total += len(record["address"]["city"]) + len(record["note"])
        if record["active"] and record["owner"] is None:
            total += 1
        for score in record["scores"]:
            total += math.floor(score)
    return total


text = generate(21700)
records = json.loads(text)
written = json.dumps(records, separators=(",", ":"))
print(f"{len(text)} characters read, {len(written)} written, checksum {checksum(records)}")
