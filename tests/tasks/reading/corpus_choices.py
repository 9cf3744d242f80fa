"""Choices as models write them: the text, the candidate chosen (its place in CANDIDATES, 0 for none), the fault."""

CANDIDATES = ["Alien (1979)", "Heat (1995)", "Love, Actually (2003)", "12 Angry Men (1957)"]
SHOWN = [f"{title} [{label}]" for title, label in zip(CANDIDATES, ["Horror", "Crime", "Romance", "Drama"], strict=True)]
HISTORY = ["Jaws (1975)", "Tron (1982)"]

CHOICES = [
    ("Heat (1995)", 2, None), ("Heat (1995) [Crime]", 2, None), ("- Heat (1995) [Crime]", 2, None), ("heat (1995)", 2, None),
    ("Heat", 2, None), ("Heat (1995).", 2, None), ('"Heat (1995)"', 2, None), ("**Heat (1995)**", 2, None), ("*Heat*", 2, None),
    ("`Heat (1995)`", 2, None), ("“Heat (1995)”", 2, None), ("Title: Heat (1995)", 2, None), ("1. Heat (1995)", 2, None),
    ("Answer: Heat (1995)", 2, None), ("**Answer:** Heat (1995)", 2, None), ("The answer is Heat (1995).", 2, None),
    ("The answer is: **Heat (1995)**", 2, None), ("My final answer is Heat.", 2, None), ("Final answer:\n\nHeat (1995)", 2, None),
    ("#### Heat (1995)", 2, None), ("\\boxed{Heat (1995)}", 2, None), ("$\\boxed{\\text{Heat (1995)}}$", 2, None),
    ("<answer>Heat (1995)</answer>", 2, None), ('{"answer": "Heat (1995)"}', 2, None), ('{"title": "Heat"}', 2, None),
    ('```json\n{"next_movie": "Heat (1995)"}\n```', 2, None), ('["Heat (1995)"]', 2, None),
    ("The user will most likely watch Heat (1995) next.", 2, None), ("I would choose Heat (1995).", 2, None),
    ("I'd go with Heat, since they like crime.", 2, None), ("Heat (1995), because Alien (1979) is too dark.", 2, None),
    ("Heat (1995) - it is close to what they saw.", 2, None), ("Heat (1995)\n\nThey like crime, so Alien (1979) fits less.", 2, None),
    ("Love, Actually", 3, None), ("Love Actually (2003)", 3, None), ("Love, Actually (2003) would be next.", 3, None),
    ("12 Angry Men", 4, None), ("Twelve? No: 12 Angry Men (1957)", 4, None), ("Answer: 12 Angry Men", 4, None),
    ("The next movie is 12 Angry Men (1957).", 4, None), ("The most likely next film: **Alien (1979)**", 1, None),
    ("I recommend Alien (1979) [Horror].", 1, None), ("Alien&nbsp;(1979)", 1, None), ("Ａｌｉｅｎ (1979)", 1, None),
    ("Let us see.\n1. Alien (1979) - too dark\n2. Heat (1995) - fits\n\nSo my final answer is: Heat (1995)", 2, None),
    ("Alien (1979) is possible. Love, Actually (2003) is not. My choice: Heat (1995)", 2, None),
    ("They saw Jaws (1975) and Tron (1982).\n\nHeat (1995)", 2, None), ("Based on Jaws (1975), I predict Heat (1995).", 2, None),
    ("Between Alien (1979) and Heat (1995), I'd pick **Heat (1995)**.", 2, None), ("<think>Alien (1979)?</think>Heat (1995)", 2, None),
    ("Alien (1979)? No.\n</think>\nHeat (1995)", 2, None), ("Heat (1995)<|im_end|>", 2, None), ("Heat (1995)</s>", 2, None),
    ("assistant\nHeat (1995)", 2, None), ("Prediction: Heat (1995)\nConfidence: 0.8", 2, None), ("> Heat (1995)", 2, None),
    ("Option: Heat (1995)", 2, None), ("Next: Heat (1995)", 2, None), ("→ Heat (1995)", 2, None), ("✅ Heat (1995)", 2, None),
    ("The user seems to like tension. Alien (1979) is the most fitting title here.", 1, None), ("ALIEN (1979)!", 1, None),
    ("Of Alien (1979), Heat (1995) and Love, Actually (2003) the best fit is Heat (1995).", 2, None),
    ("Alien vs. Heat: Heat wins.", 0, "several candidates"),
    ("", 0, "empty"), ("\n", 0, "empty"), ("</s>", 0, "empty"), ("<think>Heat (1995)", 0, "truncated"),
    ("<think>\nFinal answer: Heat (1995)", 0, "truncated"), ("Either Alien (1979) or Heat (1995).", 0, "several candidates"),
    ("Alien (1979)\nHeat (1995)", 0, "several candidates"), ("1. Alien (1979)\n2. Heat (1995)", 0, "several candidates"),
    ("Alien (1979), Heat (1995)", 0, "several candidates"), ("Answer: Alien or Heat", 0, "several candidates"),
    ("Jaws (1975)", 0, "copied history"), ("Tron", 0, "copied history"), ("1. Jaws (1975)", 0, "copied history"),
    ("Gravity (2013)", 0, "not a candidate"), ("Heat (1986)", 0, "not a candidate"), ("Alien 3 (1992)", 0, "not a candidate"),
    ("Aliens (1986)", 0, "not a candidate"), ("Alien: Covenant", 0, "not a candidate"), ("I cannot say.", 0, "not a candidate"),
    ("None of them.", 0, "not a candidate"), ("2", 0, "not a candidate"), ("Not Heat (1995).", 0, "not a candidate"),
    ("It would not be Heat.", 0, "not a candidate"), ("Love, Ac", 0, "truncated"), ("12 Angry", 0, "truncated"),
    ("The heat is on.", 0, "not a candidate"), ("Aliens and men are angry.", 0, "not a candidate"),
]  # fmt: skip
