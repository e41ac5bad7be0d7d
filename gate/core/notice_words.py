"""The words a notice is refused for, language by language, and what of them may be said after all."""
# ruff: noqa: RUF001 - the Chinese patterns hold Chinese punctuation

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """Why a text is refused."""

    TEXT_MISSING = "text-missing"
    ITEM_MISSING = "item-missing"
    ITEM_UNKNOWN = "item-unknown"
    VALUE_MISSING = "value-missing"
    LANGUAGES_DIFFER = "languages-differ"
    VERSION_DIFFERS = "version-differs"
    UNLIMITED = "unlimited"
    BUNDLED = "bundled"
    PRESSURE = "pressure"
    CLAIM = "claim"
    UNFILLED = "unfilled"
    RETENTION = "retention"
    LIVE_EVENTS = "live-events"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that are refused. They pass where *denied* matches what stands before them in the same sentence."""

    words: re.Pattern[str]
    denied: re.Pattern[str] | None = None


def _each(words: tuple[str, ...], denied: str | None = None) -> tuple[Phrase, ...]:
    negation = re.compile(denied, re.IGNORECASE) if denied else None
    return tuple(Phrase(re.compile(each, re.IGNORECASE), negation) for each in words)


# "is never kept indefinitely", "for no other purpose": the denial stands right before, and is no "not only".
_DENIED_EN: Final = r"\b(?:not|never|no)\b(?!\s+only\b)(?:\s+(?!but\b|only\b)[\w'-]+){0,4}\s*$"
_DENIED_ZH: Final = r"(?:不会|不得|不能|绝不|从不|并非|不是|不)(?:被|再|用于|作)?(?:保存|保留|用于|使用)?$"
# "not used for attendance, scoring or marketing": the denial reaches over a list, up to a "but" or a second use.
_NOT_FOR_EN: Final = (
    r"\b(?:not|never|nor)(?:\s+be|\s+being)?"
    r"(?:(?:\s+(?:used|processed|kept|stored|collected|taken))?\s+(?:for|to)\b|\s+(?:infers?|guess|estimates?|records?)\b)"
    r"(?:(?!\b(?:but|instead|only|used?|also)\b)[^.;:!?])*$"
)
_NOT_FOR_ZH: Final = (
    r"(?:不会|不得|绝不|从不|不)(?:被)?(?:用于|用作|用来|作|推断|推测|判断|识别|收集|记录)"
    r"(?:(?!但|而|用于|用作|用来)[^。；！？，])*$"
)

REFUSED: Final[dict[tuple[Rule, str], tuple[Phrase, ...]]] = {
    (Rule.UNLIMITED, "en"): (
        *_each(
            (
                r"\bperpetual\w*",
                r"\bin perpetuity\b",
                r"\bindefinite\w*",
                r"\bunlimited\b",
                r"\birrevocabl\w*",
                r"\bpermanent(?:ly)?\s+(?:right|licen[cs]e|consent|kept|stored|retained|keep|store|retain|use)",
                r"\b(?:kept|stored|retained|used|keep|store|retain|use|valid)\b[^.;]{0,40}\bforever\b",
                r"\b(?:any|all|every|whatever)\s+(?:other\s+|lawful\s+|legal\s+)?(?:purposes?|uses)\b",
                r"\bas long as (?:we|the controller|the property)\b",
                r"\bany third part(?:y|ies)\b",
            ),
            _DENIED_EN,
        ),
        *_each(
            (
                r"\bwaiv\w+\b[^.;]{0,40}\brights?\b",
                r"\bgives? up\b[^.;]{0,40}\brights?\b",
                r"\bunconditional\w*",
                r"\broyalty[- ]free\b",
                r"\bsub-?licen[cs]\w+",
                r"\b(?:cannot|can\s?not|may not|must not)\s+(?:be\s+)?(?:withdraw|revoke|take\w* back)\w*",
                r"\bfinal (?:right of )?interpretation\b",
            )
        ),
    ),
    (Rule.UNLIMITED, "zh-CN"): (
        *_each(
            (
                r"永久(?!地?(?:删除|销毁|清除|抹除))",
                r"永远(?:保存|保留|有效|使用)",
                r"无限期",
                r"长期(?:保存|保留|有效|使用|授权)",
                r"(?:任何|任意|一切|所有)(?:其他|其它|合法)?的?(?:目的|用途)",
                r"(?:任何|任意)第三方",
            ),
            _DENIED_ZH,
        ),
        *_each(
            (
                r"不(?:可|得|能)(?:撤销|撤回)",
                r"无法(?:撤销|撤回)",
                r"不可逆的?(?:授权|同意)",
                r"无条件(?:同意|授权|许可)",
                r"概括(?:授权|同意)",
                r"放弃[^。；]{0,12}权利",
                r"(?:转|再|分)授权",
                r"最终解释权",
            )
        ),
    ),
    (Rule.BUNDLED, "en"): _each(
        (
            r"\battendance\b",
            r"\b(?:marketing|advertis\w+|promotions?|sales)\b",
            r"\bpayments?\b",
            r"\bhealth (?:codes?|checks?|screening)\b",
            r"\b(?:credit|social) (?:scor\w+|rating)\b|\bscoring\b",
            r"\bprofiling\b",
            r"\b(?:train\w*|improv\w+)\b[^.;]{0,30}\b(?:models?|algorithms?|networks?|products?)\b",
            r"\b(?:emotions?|ethnicity)\b",
            r"\b(?:block|black)-?lists?\b",
            r"\b(?:visitor|people|customer)[- ]count\w*",
            r"\btracking\b|\bsurveillance\b",
        ),
        _NOT_FOR_EN,
    ),
    (Rule.BUNDLED, "zh-CN"): _each(
        (
            "考勤|打卡",
            "营销|广告|推销|促销",
            "支付|付款|消费(?!者)|缴费",
            "健康码|体温|测温",
            "评分|打分|信用分|积分",
            "用户画像|画像分析",
            "训练[^。；]{0,12}(?:模型|算法)|(?:改进|优化)[^。；]{0,12}(?:产品|算法|模型)",
            "情绪|民族|种族",
            "黑名单",
            "客流|人流统计",
            "跟踪|追踪|监控人员",
        ),
        _NOT_FOR_ZH,
    ),
    (Rule.PRESSURE, "en"): _each(
        (
            r"\b(?:will|may|shall|can|would|could)(?:\s+also)?\s+be\s+(?:refused|denied|barred)\b",
            r"\b(?:refuse|deny|bar)\s+(?:you\s+)?(?:entry|access|admission)\b",
            r"\bno (?:entry|access) (?:without|unless)\b",
            r"\bfined\b|\ba fine of\b|\bfines\b|(?<!no )(?<!without )\bpenalt(?:y|ies)\b|\bdeposit\b",
            r"\binconvenien\w+",
            r"\botherwise,?\s+(?:you|your|entry|access|face|we|the gate)\b",
            r"(?<!not )(?<!never )\b(?:must|have to|are required to|are obliged to)\s+(?:agree|consent|accept|enrol|register|use your face)",
            r"(?<!not )(?<!never )\b(?:mandatory|compulsory|obligatory)\b",
            r"(?<!not the )(?<!never the )\bonly way (?:in|to enter)\b",
            r"\bif you (?:do not|don't|refuse to) (?:agree|consent)\b[^.;]{0,40}\b(?:cannot|can't|unable|will not be able)\b",
            r"\bby (?:entering|passing|continuing|using)\b[^.;]{0,40}\b(?:you )?(?:agree|consent)\b",
            r"\b(?:discounts?|rewards?|gifts?|vouchers?)\b",
            r"\bat your own (?:risk|cost)\b",
        )
    ),
    (Rule.PRESSURE, "zh-CN"): _each(
        (
            "否则",
            "(?:不同意|拒绝|不刷脸|不录入|未录入|不配合)[^。；]{0,12}(?:无法|不能|不得|不予|禁止|后果)",
            "(?<!不)(?<!不会)(?:禁止|拒绝)(?:您|你)?(?:进入|通行|入内|出入)",
            "(?:必须|务必|应当|须)(?:同意|刷脸|录入|采集|配合|使用人脸)",
            "(?<![不非无])强制",
            "罚款|违约金|扣款|押金",
            "(?:带来|造成|导致|增加)[^。；]{0,8}不便",
            "后果自负|责任自负|自行承担",
            "(?<!不是)(?<!并非)唯一的?(?:通行|进出|进门|开门|验证)方式",
            "(?:视为|即表示|即代表|默认)[^。；]{0,6}同意",
            "优惠|返现|礼品|奖励|赠送",
        )
    ),
    (Rule.CLAIM, "en"): _each(
        (
            r"\bcompl(?:y|ies|iant|iance)\b",
            r"\bcertif(?:y|ied|ies|ication)\b",
            r"\baccredited\b",
            r"\bapproved by\b",
            r"\bguarantee\w*",
            r"\b(?:absolutely|completely|totally|fully|100\s?%)\s+(?:safe|secure|anonymous|accurate|reliable)",
            r"\b(?:cannot|can never) (?:be hacked|leak)",
            r"\bmilitary[- ]grade\b|\bbank[- ]grade\b",
        )
    ),
    (Rule.CLAIM, "zh-CN"): _each(
        (
            "合规",
            "认证",
            "(?:符合|遵守|满足)[^。；]{0,16}(?:法|规定|条例|标准|要求)",
            "通过[^。；]{0,12}(?:审查|检测|检验|评估|测评)",
            "绝对(?:安全|可靠|准确|保密)|万无一失|百分之百|100\\s?[%％]",
            "(?:完全|彻底)匿名",
            "(?:军工|银行|金融)级",
        )
    ),
}
LIVE_NAME: Final = {"en": "de-identified live event", "zh-CN": "去标识化的实时"}
"""What a notice must call live events, where a site has them (R44); and no text of it then says that they are anonymous."""
LIVE_CLAIMS: Final = {
    "en": _each((r"\banonym\w*",), _DENIED_EN),
    "zh-CN": _each(("匿名",), _DENIED_ZH),
}
UNFILLED: Final = re.compile(
    r"\{[^}\n]*\}?|_{3,}|＿{2,}|\bT(?:O ?DO|BD|BC)\b|\bX{2,}|某某|待(?:填|定|补)|\?{3,}|\[item", re.IGNORECASE
)
NAMED_VERSION: Final = re.compile(r"(?<![\w.])\d{1,4}\.\d{1,4}(?![\w.])")


@dataclass(frozen=True, slots=True)
class Spans:
    """How a language writes spans of time: the pattern gives count and unit."""

    pattern: re.Pattern[str]
    counts: Mapping[str, int]

    def count(self, spelled: str) -> int:
        """Give the number *spelled* in digits or words, 0 for one that means nothing here."""
        return int(spelled) if spelled.isdecimal() else self.counts.get(spelled.lower(), 0)


_EN: Final = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
    "eighteen": 18,
    "twenty-four": 24,
}
_ZH: Final = {
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "八": 8,
    "十": 10,
    "十八": 18,
    "二十四": 24,
}
SPANS: Final = {
    "en": Spans(re.compile(rf"\b(\d+|{'|'.join(_EN)})[- ]?(day|week|month|year)s?\b", re.IGNORECASE), _EN),
    # Four digits before 年 are a calendar year. No count in words is longer than three: a long run must not be tried anew
    # from each of its characters.
    "zh-CN": Spans(
        re.compile(r"(?<!\d)(\d{1,3}|\d{4}(?=\s*[日天周个])|[两二三四五六八十]{1,3})\s*(日|天|周|个月|年)"),
        _ZH,
    ),
}
DAYS: Final = {
    "day": 1,
    "week": 7,
    "month": 30.4,
    "year": 365,
    "日": 1,
    "天": 1,
    "周": 7,
    "个月": 30.4,
    "年": 365,
}
DAYS_MOST: Final = 366
ENDLESS: Final = re.compile(r"终身|终生|\blifetime\b|\bfor life\b", re.IGNORECASE)
SENTENCE_END: Final = re.compile(r"[.;:!?](?=\s)|[。；！？\n]")
