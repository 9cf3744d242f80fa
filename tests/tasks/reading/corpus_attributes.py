"""Attributes as models write them: the text, the values read, the fault.

Asked for: age group and gender (closed sets), birth year (1900 to 2020), country (open).
"""

AGES = ("under 18", "18-24", "25-34", "35-44", "56 or over")
JOBS = ("other", "academic/educator", "artist", "college/grad student", "customer service", "doctor/health care", "executive/managerial", "K-12 student", "lawyer", "self-employed", "technician/engineer", "unemployed")  # fmt: skip

RIGHT = ("25-34", "male", "artist")
ATTRIBUTES = [  # age group, gender, occupation
    (text, RIGHT, None)
    for text in (
        "age group: 25-34\ngender: male\noccupation: artist", "Age group: 25-34\nGender: Male\nOccupation: Artist",
        "**Age group:** 25-34\n**Gender:** male\n**Occupation:** artist", "**Age group**: 25-34\n**Gender**: male\n**Occupation**: artist",
        "*Age group:* 25-34\n*Gender:* male\n*Occupation:* artist", "- Age group: 25-34\n- Gender: male\n- Occupation: artist",
        "* **Age group:** 25-34\n* **Gender:** male\n* **Occupation:** artist", "1. Age group: 25-34\n2. Gender: male\n3. Occupation: artist",
        "age group = 25-34\ngender = male\noccupation = artist", "age group -> 25-34\ngender -> male\noccupation -> artist",
        "age group – 25-34\ngender – male\noccupation – artist", "age_group: 25-34\ngender: male\noccupation: artist",
        "AgeGroup: 25-34\nGender: male\nOccupation: artist", "Predicted age group: 25-34\nPredicted gender: male\nPredicted occupation: artist",
        "Likely age group: 25-34\nLikely gender: male\nLikely occupation: artist", "User's age group: 25-34\nUser's gender: male\nUser's occupation: artist",
        "Most likely age group: 25-34\nMost likely gender: male\nMost likely occupation: artist", "age group: 25-34, gender: male, occupation: artist",
        "age group: 25-34; gender: male; occupation: artist", "age group: 25-34 | gender: male | occupation: artist",
        "(age group: 25-34, gender: male, occupation: artist)", "### Age group\n25-34\n### Gender\nmale\n### Occupation\nartist",
        "## Age group:\n25-34\n\n## Gender:\nmale\n\n## Occupation:\nartist", "**Age group**\n25-34\n\n**Gender**\nmale\n\n**Occupation**\nartist",
        "Age group:\n25-34\nGender:\nmale\nOccupation:\nartist", "Age group:\n- 25-34\n\nGender:\n- male\n\nOccupation:\n- artist",
        "| Attribute | Prediction |\n|---|---|\n| Age group | 25-34 |\n| Gender | male |\n| Occupation | artist |",
        "| age group | gender | occupation |\n|:--|:--|:--|\n| 25-34 | male | artist |", "Attribute | Value\n--- | ---\nAge group | 25-34\nGender | male\nOccupation | artist",
        '{"age group": "25-34", "gender": "male", "occupation": "artist"}', '{\n  "age group": "25-34",\n  "gender": "male",\n  "occupation": "artist"\n}',
        '{"age_group": "25-34", "gender": "male", "occupation": "artist"}', '{"ageGroup": "25-34", "gender": "male", "occupation": "artist"}',
        '{"user": {"age group": "25-34", "gender": "male", "occupation": "artist"}}', '[{"age group": "25-34"}, {"gender": "male"}, {"occupation": "artist"}]',
        '[{"attribute": "age group", "value": "25-34"}, {"attribute": "gender", "value": "male"}, {"attribute": "occupation", "value": "artist"}]',
        "{'age group': '25-34', 'gender': 'male', 'occupation': 'artist'}", '{"age group": "25-34", "gender": "male", "occupation": "artist",}',
        '```json\n{"age group": "25-34", "gender": "male", "occupation": "artist"}\n```', '```\nage group: 25-34\ngender: male\noccupation: artist\n```',
        '"age group": "25-34",\n"gender": "male",\n"occupation": "artist"', '{"age group": {"value": "25-34", "confidence": 0.7}, "gender": {"value": "male"}, "occupation": {"value": "artist"}}',
        "<age_group>25-34</age_group>\n<gender>male</gender>\n<occupation>artist</occupation>", "The user's age group is 25-34. The gender is male. The occupation is artist.",
        'age group: "25-34"\ngender: "male"\noccupation: "artist"', "age group: `25-34`\ngender: `male`\noccupation: `artist`", "age group: **25-34**\ngender: **male**\noccupation: **artist**",
        "age group: 25-34.\ngender: male.\noccupation: artist.", "age group: 25-34,\ngender: male,\noccupation: artist", "age group: [25-34]\ngender: [male]\noccupation: [artist]",
        "age group: 25-34 (young adult)\ngender: male (action)\noccupation: artist (indie films)", "age group: 25-34 - pop culture\ngender: male - action\noccupation: artist - indie",
        "age group: 25-34 because of the years\ngender: male because of action\noccupation: artist because of indie", "age group: likely 25-34\ngender: probably male\noccupation: an artist",
        "age group: 25 to 34\ngender: M\noccupation: Artist", "age group: 25–34\ngender: man\noccupation: ARTIST", "age group: between 25 and 34\ngender: m\noccupation: artist",
        "age group: 25-34 years old\ngender: Male\noccupation: the artist", "Age group (years): 25-34\nGender (m/f): male\nOccupation (job): artist",
        "Sure! My guess:\n\nage group: 25-34\ngender: male\noccupation: artist\n\nI hope this helps!", "Reasoning: they like action, so gender could be either.\n\nage group: 25-34\ngender: male\noccupation: artist",
        "occupation: artist\ngender: male\nage group: 25-34", "<think>gender: female</think>age group: 25-34\ngender: male\noccupation: artist", "gender: female</think>\nage group: 25-34\ngender: male\noccupation: artist",
        "age group: 25-34\ngender: male\noccupation: artist<|im_end|>", "age group: ...\ngender: ...\noccupation: ...\n\nage group: 25-34\ngender: male\noccupation: artist",
        "Draft: age group: 18-24, gender: female, occupation: lawyer\n\nFinal answer:\nage group: 25-34\ngender: male\noccupation: artist", "> age group: 25-34\n> gender: male\n> occupation: artist",
        "age group：25-34\ngender：male\noccupation：artist", "Age group : 25-34\nGender : male\nOccupation : artist", "\ufeffage group: 25-34\r\ngender: male\r\noccupation: artist\r\n",
    )
] + [
    ("Age group: 25-34 / Gender: Male / Occupation: Artist", RIGHT, None),
    ("[age group]: 25-34\n[gender]: male\n[occupation]: artist", RIGHT, None),
    ("$\\boxed{\\text{age group: 25-34}}$\n$\\boxed{\\text{gender: male}}$\n$\\boxed{\\text{occupation: artist}}$", RIGHT, None),
    ("I believe the user's age group is 25-34, the gender is male and the occupation is artist.", RIGHT, None),
    ("The user is likely male (gender: male), aged 25-34 (age group: 25-34), occupation: artist.", RIGHT, None),
    ("**Age group**\n: 25-34\n\n**Gender**\n: male\n\n**Occupation**\n: artist", RIGHT, None),
    ("age group: 25-34 (late twenties)\ngender: male, most likely\noccupation: artist or similar", RIGHT, None),
    ("age group: 25-34\ngender: male\noccupation: artist\n\nExplanation:\n- age group: they watch new films\n- gender: they watch action\n- occupation: indie", RIGHT, None),
    ("Age Group Prediction: 25-34\nGender Prediction: Male\nOccupation Prediction: Artist", RIGHT, None),
    ("age group: <18\ngender: F\noccupation: K12 student", ("under 18", "female", "K-12 student"), None),
    ("age group: below 18\ngender: woman\noccupation: k-12 Student", ("under 18", "female", "K-12 student"), None),
    ("age group: 17 or under\ngender: girl\noccupation: K–12", ("", "female", "K-12 student"), "not a label"),
    ("age group: 56+\ngender: Female\noccupation: college student", ("56 or over", "female", "college/grad student"), None),
    ("age group: 56 and older\ngender: females\noccupation: grad student", ("56 or over", "female", "college/grad student"), None),
    ("age group: 56 plus\ngender: women\noccupation: Self employed", ("56 or over", "female", "self-employed"), None),
    ("age group: 18 - 24\ngender: f\noccupation: doctor", ("18-24", "female", "doctor/health care"), None),
    ("age group: 35 to 44\ngender: male\noccupation: technician / engineer", ("35-44", "male", "technician/engineer"), None),
    ("age group: aged 35-44\ngender: male\noccupation: engineer", ("35-44", "male", "technician/engineer"), None),
    ("age group: 25-34\ngender: male", ("25-34", "male", ""), "missing attribute"),
    ("gender: male", ("", "male", ""), "missing attribute"),
    ("age group: 25-34\ngender: unknown\noccupation: artist", ("25-34", "", "artist"), "missing attribute"),
    ("age group: 25-34\ngender: ...\noccupation: artist", ("25-34", "", "artist"), "missing attribute"),
    ("age group: 25-34\ngender: male or female\noccupation: artist", ("25-34", "", "artist"), "several values"),
    ("age group: 25-34\ngender: male\ngender: female\noccupation: artist", ("25-34", "", "artist"), "several values"),
    ("age group: 25-35\ngender: male\noccupation: artist", ("", "male", "artist"), "not a label"),
    ("age group: 25-34\ngender: male\noccupation: astronaut", ("25-34", "male", ""), "not a label"),
    ("age group: 25-34\ngender: male\noccupation: student", ("25-34", "male", ""), "not a label"),
    ("I cannot tell.", ("", "", ""), "missing attribute"),
    ("They are a 25-34 year old male artist.", ("", "", ""), "missing attribute"),
    ("", (), "empty"), ("</s>", (), "empty"), ("<think>gender: male", (), "truncated"), ("<thinking>\nage group: 25-34\ngender: male\noccupation: artist", (), "truncated"),
]  # fmt: skip

FACTS = [  # birth year (1900 to 2020) and country
    ("birth year: 1985\ncountry: Germany", ("1985", "Germany"), None), ("**Birth year:** 1985\n**Country:** Germany", ("1985", "Germany"), None),
    ('{"birth year": 1985, "country": "Germany"}', ("1985", "Germany"), None), ("birth_year = 1985\ncountry = Germany", ("1985", "Germany"), None),
    ("Birth year: around 1985\nCountry: Germany (likely)", ("1985", "Germany"), None), ("birth year: 1985 (they are 30)\ncountry: Germany", ("1985", "Germany"), None),
    ("{\"birth_year\": \"1985\", \"country\": \"Germany\", \"confidence\": {\"birth_year\": 0.5, \"country\": 0.7}}", ("1985", "Germany"), None),
    ("birth year: 1985\ncountry: Germany - they like Krimis", ("1985", "Germany"), None),
    ("birth year: 1985 - they like 1990s films\ncountry: Germany because of Krimis", ("1985", "Germany"), None),
    ("birth year: 1850\ncountry: Germany", ("1900", "Germany"), "out of range"), ("birth year: 25\ncountry: Germany", ("1900", "Germany"), "out of range"),
    ("birth year: 1980-1990\ncountry: Germany", ("", "Germany"), "several numbers"), ("birth year: 1980s\ncountry: Germany", ("", "Germany"), "not a number"),
    ("birth year: unknown\ncountry: Germany", ("", "Germany"), "missing attribute"), ("birth year: 1985\ncountry: Washington, D.C.", ("1985", "Washington, D.C."), None),
]  # fmt: skip
