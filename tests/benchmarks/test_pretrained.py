"""The models that come with the zoo are those that the benchmark makes."""

from benchmarks.pretrained import CLAIMS
from zoo.train.trained.file import PRETRAINED, header, pretrained_names


def test_every_model_that_comes_along_can_be_made_anew_and_is_as_good_as_it_must_be():
    assert tuple(CLAIMS) == pretrained_names()
    for name, claim in CLAIMS.items():
        said = header(PRETRAINED / f"{name}.safetensors")
        assert said["origin"]["command"] == f"python -m zoo.train {claim.flags}"
        assert claim.at_least <= said["metrics"][claim.metric] <= claim.at_most
