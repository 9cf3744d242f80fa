"""Ratings from 0.5 to 5 as models write them: the text, the number (None for none), the fault.

The example's titles are TITLES; the last is the one asked for.
"""

TITLES = [
    "3 Idiots (2009)",
    "Heat (1995)",
    "10",
    "1984 (1984)",
    "Se7en (1995)",
    "2 Fast 2 Furious (2003)",
    "12 Angry Men (1957)",
]

NUMBERS = [
    ("4.5", 4.5, None), (" 4.5\n", 4.5, None), ("4", 4, None), ("4.0", 4, None), ("4,5", 4.5, None), ("4.", 4, None), ("**4.5**", 4.5, None),
    ("`4.5`", 4.5, None), ('"4.5"', 4.5, None), ("(4.5)", 4.5, None), ("[4.5]", 4.5, None), ("４.５", 4.5, None), ("4½", 4.5, None),
    ("4 1/2", 4.5, None), ("4.5/5", 4.5, None), ("4.5 / 5", 4.5, None), ("4.5 out of 5", 4.5, None), ("4.5 of 5", 4.5, None),
    ("4.5 stars", 4.5, None), ("4.5 out of 5 stars", 4.5, None), ("4.5 stars out of 5", 4.5, None), ("4.5★", 4.5, None),
    ("~4.5", 4.5, None), ("≈ 4.5", 4.5, None), ("about 4.5", 4.5, None), ("Approximately 4.5.", 4.5, None), ("Rating: 4.5", 4.5, None),
    ("rating = 4.5", 4.5, None), ("**Rating:** 4.5", 4.5, None), ("Rating (0.5-5): 4.5", 4.5, None), ("Predicted rating: 4.5", 4.5, None),
    ("**Predicted Rating: 4.5/5**", 4.5, None), ("Prediction: 4.5", 4.5, None), ("Answer: 4.5", 4.5, None), ("Final answer: 4.5", 4.5, None),
    ("The answer is 4.5.", 4.5, None), ("The predicted rating is 4.5", 4.5, None), ("The rating would be 4.5.", 4.5, None),
    ("I would rate it 4.5.", 4.5, None), ("I'd give it a 4.5.", 4.5, None), ("I expect 4.5", 4.5, None), ("I predict 4.5 stars.", 4.5, None),
    ("My guess: 4.5", 4.5, None), ("They would likely give it 4.5.", 4.5, None), ("The user will rate this movie 4.5.", 4.5, None),
    ("The user might give 12 Angry Men (1957) a 4.5.", 4.5, None), ("#### 4.5", 4.5, None), ("\\boxed{4.5}", 4.5, None),
    ("$$\\boxed{4.5}$$", 4.5, None), ("<answer>4.5</answer>", 4.5, None), ("<rating>4.5</rating>", 4.5, None),
    ('{"rating": 4.5}', 4.5, None), ('{"predicted_rating": "4.5"}', 4.5, None), ('```json\n{"rating": 4.5}\n```', 4.5, None),
    ("Score: 4.5", 4.5, None), ("=> 4.5", 4.5, None), ("→ 4.5", 4.5, None), ("12 Angry Men (1957): 4.5", 4.5, None),
    ("12 Angry Men: 4.5", 4.5, None), ("12 Angry Men (1957) - 4.5", 4.5, None), ("7. 12 Angry Men (1957): 4.5", 4.5, None),
    ("I would rate 12 Angry Men (1957) a 4.5", 4.5, None), ("For 12 Angry Men I say 4.5.", 4.5, None), ("3 Idiots (2009) got 5, so 12 Angry Men (1957): 4.5", 4.5, None),
    ("2 Fast 2 Furious (2003) was a 2. Prediction for 12 Angry Men (1957): 4.5", 4.5, None), ("Se7en is loved. Rating: 4.5", 4.5, None),
    ('Since "10" was liked, I expect 4.5.', 4.5, None), ("4.5 because they rated Heat 3", 4.5, None), ("4.5, since the average is 3.8", 4.5, None),
    ("4.5 (they gave 3 to Heat)", 4.5, None), ("4.5\n\nThey rated similar films 4 and 5.", 4.5, None), ("4.5 - they like dramas; most got 4", 4.5, None),
    ("The average is 3.8. Final rating: 4.5", 4.5, None), ("Their average is 3.8, so I predict 4.5.", 4.5, None),
    ("They rated 10 movies between 2 and 5. Prediction: 4.5", 4.5, None), ("Most ratings are 3.\n#### 4.5", 4.5, None),
    ("They gave 5 to dramas and 2 to action, thus the expected rating is 4.5.", 4.5, None), ("Step 1: dramas get 5.\nStep 2: old films get 4.\n\nRating: 4.5", 4.5, None),
    ("1. They like dramas (5).\n2. They like old films (4).\n\n**Predicted rating: 4.5**", 4.5, None), ("Ratings: 5, 4, 3.\n\n4.5", 4.5, None),
    ("On a scale from 0.5 to 5, I'd say 4.5.", 4.5, None), ("On a 5-point scale: 4.5", 4.5, None), ("Rating: 4.5\nConfidence: 80%", 4.5, None),
    ("Rating: 4.5\nConfidence: 3", 4.5, None), ("Prediction: 4.5 ± 0.5", 4.5, None), ("Final rating: 4.5. The average was 3.8.", 4.5, None),
    ("Predicted rating: 3. On reflection, final rating: 4.5", 4.5, None), ("<think>Perhaps 3?</think>4.5", 4.5, None), ("Perhaps 3?</think>4.5", 4.5, None),
    ("4.5<|im_end|>", 4.5, None), ("4.5</s>", 4.5, None), ("4.5<|eot_id|>3", 4.5, None), ("assistant\n\n4.5", 4.5, None), ("### Response:\n4.5", 4.5, None),
    ("The film of 1957 will get 4.5", 4.5, None), ("- 4.5", 4.5, None), ("> 4.5", 4.5, None), ("It deserves 4.5 points", 4.5, None),
    ("", None, "empty"), ("\n \n", None, "empty"), ("<eos>", None, "empty"), ("<think>It is 4.5", None, "truncated"), ("<think>\n4.5\n", None, "truncated"),
    ("[THINK]4.5", None, "truncated"), ("<thinking>Final rating: 4.5", None, "truncated"), ("four and a half", None, "not a number"), ("I cannot tell.", None, "not a number"),
    ("12 Angry Men (1957)", None, "not a number"), ("They rated 10 movies.", None, "not a number"), ("85%", None, "not a number"),
    ("4 or 5", None, "several numbers"), ("3-4", None, "several numbers"), ("They gave 3 to Heat and 5 to Se7en.", None, "several numbers"),
    ("Final rating = (4+5)/2 = 4.5", 4.5, None), ("1,000", 5, "out of range"), ("10/10", None, "other scale"),
    ("5 stars would be too much; 4", None, "several numbers"), ("around 3.5 or 4", None, "several numbers"), ("5.5", 5, "out of range"), ("6", 5, "out of range"), ("0", 0.5, "out of range"), ("-1", 0.5, "out of range"), ("Rating: 7", 5, "out of range"),
    ("100", 5, "out of range"), ("8/10", None, "other scale"), ("9 out of 10", None, "other scale"), ("Rating: 4/10", None, "other scale"), ("90/100", None, "other scale"),
]  # fmt: skip
