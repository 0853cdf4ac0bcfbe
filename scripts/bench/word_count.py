# Word count: a long text is split into lines and words, counted, and the counts are sorted.
def generate(lines):
    syllables = ["ba", "ri", "To", "mel", "ku", "san", "Do", "ve"]
    state = 42
    text = []
    for _ in range(lines):
        words = []
        for _ in range(10):
            state = (state * 1103515 + 12345) % 2147483648
            rest = state // 1024
            word = ""
            for _ in range(rest % 4 + 1):
                word += syllables[rest % 8]
                rest //= 8
            words.append(word)
        text.append(" ".join(words))
    return "\n".join(text)


def count(text):
    counts = {}
    for line in text.split("\n"):
        for part in line.split(" "):
            word = part.lower()
            counts[word] = counts.get(word, 0) + 1
    return counts


text = generate(100000)
counts = sorted(count(text).items(), key=lambda item: (-item[1], item[0]))
print(f"{len(text)} characters, {len(counts)} different words")
for word, times in counts[:5]:
    print(f"{word} {times}")
