"""A notice tells every item in every language, and promises, presses and claims nothing it may not."""
# ruff: noqa: RUF001 - Chinese punctuation

from dataclasses import replace
from time import process_time

import pytest

from gate.core.notice_lint import FOUND_MOST, Rule, lint
from gate.core.notices import KEYS, LIVE_EVENTS, REQUIRED, Draft, Form, Item, Terms

TERMS = Terms(
    purpose="open-gate",
    method="1:N",
    data_types=("template",),
    retention_days=365,
    recipients=(),
    controller="Harbour Marketing Ltd",
    processors=("Certified Cleaners",),
    model="sface",
)
TOLD = {
    Item.CONTROLLER: "Harbour Marketing Ltd.",
    Item.CONTACT: "010-5555.0100.",
    Item.RETENTION: "365 days, 365天.",
    Item.VERSION: "3.4",
}
ENOUGH = {
    key: "\n\n".join(f"[item: {item}]\n{TOLD.get(item, 'Words.')}" for item in REQUIRED[key[1]])
    for key in KEYS
}
DRAFT = Draft("3.4", ENOUGH, TERMS, "010-5555.0100")


def found(draft):
    return [(each.rule, each.language, each.form, each.found) for each in lint(draft)]


def saying(language, sentence, form=Form.FULL, item="effect"):
    """Give a draft that also says *sentence*, in one text."""
    key = language, form
    return replace(DRAFT, marked=ENOUGH | {key: f"{ENOUGH[key]}\n\n[item: {item}]\n{sentence}"})


def without(key, item):
    marked = ENOUGH[key].replace(f"[item: {item}]\n{TOLD.get(item, 'Words.')}", "")
    return replace(DRAFT, marked=ENOUGH | {key: marked})


def test_a_notice_that_tells_every_item_in_every_text_passes_r11():
    assert found(DRAFT) == []


@pytest.mark.parametrize(("key", "item"), [(key, item) for key in KEYS for item in REQUIRED[key[1]]])
def test_r11_every_item_left_out_of_any_text_is_found(key, item):
    assert found(without(key, item)) == [(Rule.ITEM_MISSING, *key, item)]


@pytest.mark.parametrize("key", KEYS)
def test_r11_a_mark_with_nothing_after_it_tells_nothing(key):
    marked = (
        ENOUGH[key]
        .replace("[item: effective]\nWords.", "[item: effective]\n")
        .replace("[item: full-text]\nWords.", "[item: full-text]\n")
    )
    item = Item.EFFECTIVE if key[1] is Form.FULL else Item.FULL_TEXT
    assert found(replace(DRAFT, marked=ENOUGH | {key: marked})) == [(Rule.ITEM_MISSING, *key, item)]


@pytest.mark.parametrize("key", KEYS)
def test_r14_a_text_that_is_not_there_is_found_once(key):
    for marked in ({each: text for each, text in ENOUGH.items() if each != key}, ENOUGH | {key: " \n"}):
        assert found(replace(DRAFT, marked=marked)) == [(Rule.TEXT_MISSING, *key, "nothing is written")]


def test_r14_what_one_language_tells_beyond_the_other_is_found():
    draft = saying("en", "Faces are kept apart.", Form.SHORT, item="security")
    assert found(draft) == [(Rule.LANGUAGES_DIFFER, "zh-CN", Form.SHORT, "security")]


@pytest.mark.parametrize("mark", ["sms", ""])
def test_a_mark_that_means_nothing_is_found(mark):
    rules = [each[0] for each in found(saying("en", "Words.", item=mark))]
    assert rules == [Rule.LANGUAGES_DIFFER, Rule.ITEM_UNKNOWN]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (Item.CONTROLLER, "controller without {controller}"),
        (Item.CONTACT, "contact without {contact}"),
        (Item.RETENTION, "retention without {retention_days}"),
        (Item.VERSION, "version without {version}"),
    ],
)
def test_an_item_that_stands_for_a_value_of_the_site_must_name_it(item, said):
    key = "en", Form.SHORT
    marked = ENOUGH[key].replace(TOLD[item], "Somebody, sometime.")
    assert found(replace(DRAFT, marked=ENOUGH | {key: marked})) == [(Rule.VALUE_MISSING, *key, said)]


def test_r14_a_version_of_its_own_in_one_text_is_found():
    draft = saying("zh-CN", "3.5", item="version")
    assert found(draft) == [(Rule.VERSION_DIFFERS, "zh-CN", Form.FULL, "3.5")]


REFUSED = {
    (Rule.UNLIMITED, "en"): [
        "You grant a perpetual licence.",
        "The data is kept indefinitely.",
        "Consent is irrevocable.",
        "You agree to unlimited use.",
        "Templates are stored forever.",
        "We may use it for any purpose.",
        "It serves this gate and all lawful purposes.",
        "Kept as long as we see fit.",
        "We may pass it to any third party.",
        "You waive all of your rights.",
        "You give up your right to complain.",
        "You agree unconditionally.",
        "The licence is royalty-free and sublicensable.",
        "Consent cannot be withdrawn.",
        "You may not revoke it.",
        "Used not only for this gate, for any purpose.",
        "The controller has the final interpretation.",
        "You hand over a permanent right.",
    ],
    (Rule.UNLIMITED, "zh-CN"): [
        "您授予我们永久使用权。",
        "同意不可撤销。",
        "同意后不得撤回。",
        "模板无限期保存。",
        "可用于任何用途。",
        "可用于一切合法目的。",
        "模板长期保存。",
        "您无条件同意。",
        "您放弃一切权利。",
        "我们可向任何第三方提供。",
        "我们可以转授权。",
        "最终解释权归物业所有。",
        "永远保存。",
        "您给予概括授权。",
    ],
    (Rule.BUNDLED, "en"): [
        "It is also used for attendance.",
        "We use it for marketing.",
        "Your face makes payments.",
        "It shows your health code.",
        "It feeds social scoring.",
        "Pictures train our models.",
        "We improve our products with it.",
        "The gate reads your emotions.",
        "Names on the blocklist are stopped.",
        "It counts for people-counting.",
        "It is not used for attendance but for marketing.",
        "It is not only for entry, also for tracking.",
        "We do not sell it; profiling is done.",
    ],
    (Rule.BUNDLED, "zh-CN"): [
        "同时用于考勤。",
        "用于营销推广。",
        "可刷脸支付。",
        "查验健康码。",
        "用于信用评分。",
        "用于训练模型。",
        "用于改进我们的产品。",
        "识别您的情绪。",
        "列入黑名单。",
        "统计客流。",
        "不用于考勤，而用于营销。",
        "不仅用于开门，也用于广告。",
    ],
    (Rule.PRESSURE, "en"): [
        "You will be refused entry.",
        "We refuse you entry.",
        "No entry without a face.",
        "Those who decline are fined.",
        "There is a penalty.",
        "Declining causes inconvenience.",
        "Agree, otherwise you wait.",
        "You must agree.",
        "Face is mandatory.",
        "Face is the only way in.",
        "If you do not agree, you cannot come in.",
        "By entering you agree.",
        "Residents who enrol get a discount.",
        "You enter at your own risk.",
    ],
    (Rule.PRESSURE, "zh-CN"): [
        "请同意，否则请离开。",
        "不同意将无法进门。",
        "拒绝刷脸的后果由本人承担。",
        "未录入者禁止进入。",
        "所有人必须刷脸。",
        "本小区强制刷脸。",
        "违者罚款。",
        "不刷脸可能给您带来不便。",
        "后果自负。",
        "刷脸是唯一的进门方式。",
        "继续使用即视为同意。",
        "录入有礼品。",
    ],
    (Rule.CLAIM, "en"): [
        "This gate complies with the law.",
        "We are fully compliant.",
        "Certified by experts.",
        "Your data is guaranteed.",
        "It is absolutely safe.",
        "Approved by the authorities.",
        "It cannot be hacked.",
        "Military-grade encryption.",
    ],
    (Rule.CLAIM, "zh-CN"): [
        "本系统合规。",
        "已通过国家认证。",
        "符合个人信息保护法的规定。",
        "通过安全评估。",
        "绝对安全。",
        "完全匿名。",
        "银行级加密。",
        "100%准确。",
    ],
    (Rule.UNFILLED, "en"): ["Call {phone}.", "Ask ____ for help.", "TODO", "XX Property.", "Open {"],
    (Rule.UNFILLED, "zh-CN"): ["请联系{电话}。", "某某物业。", "电话：＿＿＿", "联系人待填。"],
    (Rule.RETENTION, "en"): [
        "Kept for 366 days, then for 400 days.",
        "Kept for 13 months.",
        "Kept for 2 years.",
        "Kept for three years.",
        "Kept for life.",
        "Kept for 60 weeks.",
    ],
    (Rule.RETENTION, "zh-CN"): [
        "保存400天。",
        "保存十八个月。",
        "保存两年。",
        "保存3年。",
        "终身保存。",
        "保存1000 天。",
    ],
}
PASSES = {
    "en": [
        "You may withdraw at any time.",
        "It is used for no other purpose.",
        "It is never kept indefinitely.",
        "Once destroyed, it is gone forever.",
        "It is not used for attendance, scoring, marketing or payments.",
        "The gate never infers emotions.",
        "There is no penalty.",
        "Face is not mandatory.",
        "Face is never the only way in.",
        "Pay attention to the step.",
        "You have every right to complain to the authority.",
        "A death certificate is enough.",
        "Consent records are kept for three years.",
        "Nobody is asked for a reason.",
        "You do not have to agree.",
        "Unless stated otherwise, times are local.",
        "That is fine with us.",
        "You need give no reason, and lose no right.",
        "The template is permanently deleted.",
    ],
    "zh-CN": [
        "您可以随时撤回同意。",
        "撤回后模板永久删除。",
        "不会永久保存。",
        "不用于任何其他目的。",
        "不用于考勤、评分、营销或支付。",
        "不推断您的年龄、性别、情绪或民族。",
        "从不强制刷脸。",
        "刷脸不是唯一的进门方式。",
        "可向消费者协会投诉。",
        "同意记录保存三年。",
        "自2026年1月1日起生效。",
        "不需要说明理由。",
        "您不方便刷脸时，请用门卡。",
        "撤回同意不影响您进门。",
    ],
}


@pytest.mark.parametrize(
    ("rule", "language", "sentence"),
    [(*where, sentence) for where, sentences in REFUSED.items() for sentence in sentences],
)
@pytest.mark.parametrize("form", Form)
def test_what_no_notice_may_say_is_found_r06_r08(rule, language, sentence, form):
    item = "retention" if rule is Rule.RETENTION else "voluntary"
    draft = saying(language, sentence, form, item=item)
    said = [each for each in lint(draft) if (each.rule, each.language, each.form) == (rule, language, form)]
    assert said, sentence
    assert all(each.found in sentence for each in said)


@pytest.mark.parametrize(
    ("language", "sentence"), [(language, sentence) for language in PASSES for sentence in PASSES[language]]
)
def test_what_only_resembles_it_passes(language, sentence):
    assert found(saying(language, sentence)) == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "At most 12 months, 52 weeks or a year."), ("zh-CN", "最长12个月，即一年或365天，自2026年起。")],
)
def test_a_year_is_not_too_long(language, sentence):
    assert found(saying(language, sentence, item="retention")) == []


def test_a_company_may_be_called_what_a_notice_may_not_say():
    assert found(saying("en", "Ask Harbour Marketing Ltd or Certified Cleaners.")) == []
    nobody = replace(DRAFT, terms=replace(TERMS, processors=(" ",)))
    assert found(nobody) == []


def test_every_finding_says_where_and_what_to_do():
    [finding] = lint(saying("en", "Face is mandatory."))
    assert str(finding) == (
        "en, full form: pressure: mandatory. Take it out: whoever says no loses nothing and gains nothing (R04)."
    )
    for rule in Rule:
        assert replace(finding, rule=rule).remedy.endswith(".")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "unlimited "),
        ("en", "irrevocable "),
        ("en", "not unlimited "),
        ("zh-CN", "二"),
        ("zh-CN", "永久"),
    ],
)
def test_no_text_takes_the_lint_longer_than_its_length_asks(language, words):
    draft = saying(language, words * (60_000 // len(words)), item="retention")
    began = process_time()
    assert len(lint(draft)) <= 3 * FOUND_MOST
    assert process_time() - began < 3  # a third of a second; tried anew from each word it was a minute


def test_a_denial_denies_in_its_own_sentence_and_near_by():
    assert found(saying("en", "We never keep it. It is unlimited."))
    assert not found(saying("en", "It is never unlimited."))
    assert found(saying("en", f"Not used for {'a, ' * 200}marketing."))


LIVE = replace(TERMS, data_types=("template", LIVE_EVENTS))
NAMED = {"en": "De-identified live events go out.", "zh-CN": "发送去标识化的实时通行事件。"}


def live_notice(**said):
    """Give a notice of a site with live events; *said* is put under its data, by language."""
    marked = dict(ENOUGH)
    for language, sentence in said.items():
        key = language.replace("_", "-"), Form.FULL
        marked[key] = f"{ENOUGH[key]}\n\n[item: data]\n{sentence}"
    return replace(DRAFT, marked=marked, terms=LIVE)


def test_r44_a_site_with_live_events_names_them_in_both_languages():
    assert found(live_notice(en="We send de-identified live events.", zh_CN=NAMED["zh-CN"])) == []
    assert found(live_notice(en="We send de-identified live events.")) == [
        (Rule.LIVE_EVENTS, "zh-CN", Form.FULL, "data without {live_events}")
    ]
    assert [each[:2] for each in found(live_notice())] == [
        (Rule.LIVE_EVENTS, "zh-CN"),
        (Rule.LIVE_EVENTS, "en"),
    ]


@pytest.mark.parametrize(
    ("language", "sentence", "word"),
    [
        ("en", "We send anonymous de-identified live events.", "anonymous"),
        ("en", "De-identified live event: anonymised. It is a de-identified live event.", "anonymised"),
        ("zh_CN", "发送匿名的、去标识化的实时通行事件。", "匿名"),
    ],
)
def test_r44_a_site_with_live_events_calls_nothing_anonymous(language, sentence, word):
    both = {"en": "A de-identified live event is sent.", "zh_CN": NAMED["zh-CN"]} | {language: sentence}
    assert [(each[0], each[3]) for each in found(live_notice(**both))] == [(Rule.LIVE_EVENTS, word)]


def test_to_say_that_they_are_not_anonymous_is_no_such_claim():
    denied = {
        "en": "A de-identified live event is not anonymous.",
        "zh_CN": "去标识化的实时通行事件并非匿名信息。",
    }
    assert found(live_notice(**denied)) == []


def test_a_site_without_live_events_may_use_the_word():
    assert found(saying("en", "The counts are anonymous.")) == []
