"""Yes or no, and texts, as models write them."""

YES_NO = [
    ("yes", "yes", None), ("Yes", "yes", None), ("YES.", "yes", None), ("no", "no", None), ("No.", "no", None), ("No!", "no", None),
    ("**Yes**", "yes", None), ("*No*", "no", None), ("`yes`", "yes", None), ('"No"', "no", None), ("“Yes”", "yes", None), ("[Yes]", "yes", None),
    ("Yes, they would.", "yes", None), ("No, they hate it.", "no", None), ("Yes – it fits.", "yes", None), ("No: too dark.", "no", None),
    ("Yes because they like crime", "yes", None), ("No, although they said yes to Heat.", "no", None), ("Yes.\n\nNo other film fits better.", "yes", None),
    ("Answer: Yes", "yes", None), ("**Answer:** No", "no", None), ("The answer is yes.", "yes", None), ("The answer is: **No**", "no", None),
    ("My prediction is no.", "no", None), ("Prediction: yes", "yes", None), ("Final answer: no", "no", None), ("Final answer:\n\nYes", "yes", None),
    ("#### no", "no", None), ("\\boxed{Yes}", "yes", None), ("$\\boxed{\\text{No}}$", "no", None), ("<answer>yes</answer>", "yes", None),
    ('{"answer": "no"}', "no", None), ('{"answer": true}', "yes", None), ('{"will_like": "no", "reason": "too dark"}', "no", None), ('```json\n{"answer": "Yes"}\n```', "yes", None),
    ("I would say yes.", "yes", None), ("I'd say no.", "no", None), ("We predict yes", "yes", None), ("I think the answer is no", "no", None),
    ("There is no doubt: the answer is yes.", "yes", None), ("Some say no. My verdict: yes", "yes", None), ("<think>no?</think>Yes", "yes", None),
    ("no?</think>\n\nYes", "yes", None), ("Yes<|im_end|>", "yes", None), ("No</s>", "no", None), ("No<|eot_id|>Yes", "no", None), ("True", "yes", None),
    ("False.", "no", None), ("y", "yes", None), ("N", "no", None), ("Response: Yes, likely.", "yes", None), ("### Response:\nNo", "no", None),
    ("assistant\nYes", "yes", None), ("- Yes", "yes", None), ("Considering everything, it is a yes", "yes", None), ("It's a no from them", "no", None),
    ("", None, "empty"), ("<|end|>", None, "empty"), ("<think>yes", None, "truncated"), ("<thinking>The answer is no.", None, "truncated"),
    ("Yes and no.", None, "yes and no"), ("Yes or no?", None, "yes and no"), ("yes/no", None, "yes and no"), ("It could be yes, it could be no", None, "yes and no"),
    ("Maybe.", None, "not yes or no"), ("They will like it.", None, "not yes or no"), ("No way to know", None, "not yes or no"), ("I know nothing of them.", None, "not yes or no"), ("42", None, "not yes or no"),
]  # fmt: skip

PROSE = "They like slow films; loud comedies leave them cold."
TEXTS = [
    *((form.format(PROSE), PROSE, None) for form in (
        "{}", " {}\n", "\ufeff{}", "**{}**", '"{}"', "“{}”", "```\n{}\n```", "> {}", "# {}", "{}</s>", "{}<|im_end|>", "{}<|eot_id|>x", "{}<end_of_turn>",
        "<think>Hm.</think>{}", "Hm.\n</think>\n\n{}", "<thinking>Hm.</thinking>\n\n{}", "[THINK]Hm.[/THINK]{}", "<think>\n</think>\n{}", "◁think▷Hm.◁/think▷{}",
        "<answer>{}</answer>", "<answer>\n{}\n</answer>", "Final answer: {}", "**Final answer:**\n\n{}", "Here is a summary of their tastes:\n\n{}", "Sure! Here is the summary:\n{}",
        "Summary: {}", "**Summary:** {}", "Answer: {}", "assistant\n{}", "### Response:\n{}", "<|im_start|>assistant\n{}<|im_end|>", '{{"summary": "{}"}}', '{{"text": "{}"}}',
        "{}\n\n### Instruction:\nNext one.", "{}\nHuman: and now?", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{}", "analysisHm, let us see.assistantfinal{}",
    )),
    ("They like *slow* films with `music`.", "They like slow films with music.", None), ("snake_case stays", "snake_case stays", None),
    ("Two lines\nstay two lines", "Two lines\nstay two lines", None), ("She said: fine", "She said: fine", None), ("A < B and C > D", "A < B and C > D", None),
    ("", None, "empty"), (" \n", None, "empty"), ("</s>", None, "empty"), ("<think>They like", None, "truncated"), ("<think>\nThey like slow films.\n", None, "truncated"), ("<think></think>", None, "empty"),
    ("Fine.<think>or not", None, "truncated"),
]  # fmt: skip
