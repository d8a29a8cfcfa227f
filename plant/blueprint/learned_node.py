"""The node type of the learned block: what is learned from routings, and how much it counts."""

from __future__ import annotations

from typing import Final

from plant.blueprint.node_options import Option, OptionKind
from plant.blueprint.node_type import NodeType, Port
from plant.blueprint.options import LearnOptions

_LEARN: Final = LearnOptions()


def _count(name: str, default: int, title: str, title_ko: str, help_: str, help_ko: str, low: int, high: int) -> Option:
    return Option(name, OptionKind.INTEGER, default, title, title_ko, help_, help_ko, low, high)


LEARNED_NODE: Final = NodeType(
    "learned",
    "features",
    "Learned from routings",
    "라우팅 학습",
    "Learns which operations an item needs and how long they take, so that near means made alike",
    "품목에 필요한 공정과 시간을 학습하여, 비슷하게 제작되는 품목이 가깝게 놓이도록 합니다",
    part="learn",
    options=(
        Option(
            "enabled",
            OptionKind.BOOLEAN,
            _LEARN.enabled,
            "Learn from routings",
            "라우팅에서 학습",
            "Off: vectors hold the features only",
            "끄면 벡터에 피처만 담깁니다",
        ),
        Option(
            "share",
            OptionKind.NUMBER,
            _LEARN.share,
            "Share of the similarity",
            "유사도 비중",
            "How much what was learned counts beside the features, 0 to 1",
            "학습 결과가 피처에 비해 차지하는 비중 (0~1)",
            0.05,
            0.95,
        ),
        Option(
            "feature_weights",
            OptionKind.BOOLEAN,
            _LEARN.feature_weights,
            "Learn feature weights",
            "피처 가중치 학습",
            "Weights that nobody has set come half from how much a feature tells about routings",
            "지정하지 않은 가중치의 절반을 라우팅 설명력에서 정합니다",
        ),
        _count(
            "operations",
            _LEARN.operations,
            "Operations with a model",
            "모델을 갖는 공정 수",
            "The most frequent ones; neighbours vote for the others",
            "빈도가 높은 공정부터이며, 나머지는 이웃의 투표로 정합니다",
            1,
            1000,
        ),
        _count(
            "least_items",
            _LEARN.least_items,
            "Fewest items",
            "최소 품목 수",
            "An operation that fewer items have gets no model",
            "이보다 적은 품목의 공정에는 모델을 만들지 않습니다",
            5,
            10_000,
        ),
        _count(
            "folds",
            _LEARN.folds,
            "Folds",
            "교차 적합 수",
            "What is said of an item comes from models that have not seen its part of the catalogue",
            "각 품목은 자신이 속한 부분을 보지 않은 모델이 평가합니다",
            2,
            10,
        ),
        _count(
            "iterations",
            _LEARN.iterations,
            "Trees an operation",
            "공정당 트리 수",
            "More fit finer and take longer",
            "많을수록 정밀하지만 오래 걸립니다",
            5,
            500,
        ),
        _count(
            "leaves",
            _LEARN.leaves,
            "Leaves a tree",
            "트리당 잎 수",
            "More leaves combine more features",
            "많을수록 더 많은 피처를 조합합니다",
            2,
            255,
        ),
        Option(
            "learning_rate",
            OptionKind.NUMBER,
            _LEARN.learning_rate,
            "Learning rate",
            "학습률",
            "What each tree adds; smaller needs more trees",
            "각 트리의 반영 비율이며, 작을수록 트리가 더 필요합니다",
            0.01,
            1,
        ),
        _count(
            "directions",
            _LEARN.directions,
            "Dimensions for operations",
            "공정용 차원 수",
            "Of the vectors' dimensions; with more operations than this the most important directions are kept",
            "벡터 차원 중 공정에 쓰는 수이며, 공정이 더 많으면 중요한 방향만 남깁니다",
            8,
            96,
        ),
        _count(
            "most_rows",
            _LEARN.most_rows,
            "Items an operation learns from",
            "공정당 학습 품목 수",
            "More learn finer and take longer",
            "많을수록 정밀하지만 오래 걸립니다",
            1_000,
            1_000_000,
        ),
        _count(
            "seed",
            _LEARN.seed,
            "Seed",
            "난수 시드",
            "Of samples and folds",
            "표본과 교차 적합에 쓰입니다",
            0,
            2**31 - 1,
        ),
    ),
    inputs=(Port("routing", "routing", required=True),),
    outputs=(Port("learned", "learned"),),
    words=("learned", "learn", "learned-routing", "supervised", "학습", "라우팅학습"),
)
