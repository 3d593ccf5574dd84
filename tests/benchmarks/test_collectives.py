"""Collectives are read from HLO text as XLA prints it for CPU, GPU and TPU, in each of its ways to write groups."""

import pytest

from benchmarks.scale.collectives import Collective, collectives, sent

ADD = "%add (a: f32[], b: f32[]) -> f32[] {\n  ROOT %sum = f32[] add(%a, %b)\n}\n\n"


def module(*lines, before=""):
    body = "".join(f"  {line}\n" for line in lines)
    return f"HloModule jit_step, is_scheduled=true\n\n{ADD}{before}ENTRY %main (p: f32[8]) -> f32[8] {{\n{body}}}\n"


def one(line, devices=8):
    (found,) = collectives(module(line), devices)
    return found


def test_an_all_reduce_of_several_arrays_counts_them_all():
    line = (
        "%all-reduce.8 = (f32[512]{0}, f32[512,64]{1,0}, f32[], f32[], bf16[3]{0}, /*index=5*/pred[7]{0}) "
        "all-reduce(%a, %b, %c), channel_id=1, replica_groups=[1,8]<=[8], use_global_device_ids=true, to_apply=%add, "
        'metadata={op_name="jit(step)/reduce_sum"}'
    )
    size = 4 * (512 + 512 * 64 + 2) + 2 * 3 + 7
    assert one(line) == Collective("all-reduce", size, 8)
    assert one(line).wire == 2 * 7 / 8 * size


@pytest.mark.parametrize(
    ("groups", "group"),
    [
        ("{{0,1},{2,3},{4,5},{6,7}}", 2),
        ("[2,4]<=[4,2]T(1,0)", 4),
        ("{}", 8),
        ("mesh['axis_0'=8,'axis_1'=1] {'axis_0'}", 8),
        ("mesh['data'=4,'model'=2] {'model'}", 2),
        ("mesh['axis_0'=4,'axis_1'=2], device_ids=([2,4]T(1,0)) {'axis_0'}", 4),
        ("mesh['a'=2,'b'=2,'c'=2] {'a','c'}", 4),
        ("mesh['data'=8] {'data':(2)4}", 4),
    ],
)
def test_groups_are_read_in_every_way_that_xla_writes_them(groups, group):
    found = one(f"%x = f32[16]{{0}} all-reduce(%p), channel_id=1, replica_groups={groups}, to_apply=%add")
    assert found == Collective("all-reduce", 64, group)


def test_groups_written_in_a_new_way_are_an_error_and_no_wrong_number():
    with pytest.raises(ValueError, match=r"groups of a all-gather .* replica_groups=spiral"):
        one("%x = f32[16]{0} all-gather(%p), replica_groups=spiral[8], dimensions={0}")


def test_a_gather_is_counted_by_what_it_gives_and_a_scatter_by_what_it_takes():
    gather = one("%g = f32[8,64]{1,0} all-gather(%p), replica_groups=[2,4]<=[8], dimensions={0}")
    assert (gather.size, gather.wire) == (2048, 2048 * 3 / 4)
    scatter = one("%s = f32[2,64]{1,0} reduce-scatter(%p), replica_groups=[2,4]<=[8], dimensions={0}, to_apply=%add")
    assert (scatter.size, scatter.wire) == (2048, 2048 * 3 / 4)
    # In a ring, an all-reduce is a scatter and a gather.
    assert sent("all-reduce", 2048, 4) == scatter.wire + gather.wire


def test_what_is_begun_and_finished_apart_counts_once():
    found = collectives(
        module(
            "%g = (f32[8]{0:T(256)}, f32[32]{0:T(256)}) all-gather-start(%p), replica_groups=[2,4]<=[8]",
            "%gd = f32[32]{0} all-gather-done(%g)",
            "%r = f32[32]{0} all-reduce-start(%gd), replica_groups=[1,8]<=[8], to_apply=%add",
            "%rd = f32[32]{0} all-reduce-done(%r)",
            "%c = (f32[8]{0}, f32[8]{0}, u32[], u32[]) collective-permute-start(%p), source_target_pairs={{0,1},{1,0}}",
            "ROOT %cd = f32[8]{0} collective-permute-done(%c)",
        ),
        8,
    )
    assert found == [
        Collective("all-gather", 128, 4),
        Collective("all-reduce", 128, 8),
        Collective("collective-permute", 32, 8),
    ]
    assert found[2].wire == 32


LOOP = (
    "%body (c: (s32[], f32[8])) -> (s32[], f32[8]) {\n"
    "  %x = f32[8]{0} all-reduce(%p), replica_groups=[1,8]<=[8], to_apply=%add\n}\n\n"
    "%more (c: (s32[], f32[8])) -> pred[] {\n  ROOT %less = pred[] compare(%i, %n), direction=LT\n}\n\n"
)


def test_a_loop_of_known_length_counts_as_often_as_it_turns():
    loop = "%w = (s32[], f32[8]{0}) while(%t), condition=%more, body=%body"
    known = f'{loop}, backend_config={{"known_trip_count":{{"n":"28"}},"known_init_step":{{"init":"0","step":"1"}}}}'
    assert collectives(module(known, before=LOOP), 8) == [Collective("all-reduce", 32, 8, times=28)]
    assert collectives(module(known, known, before=LOOP), 8) == [Collective("all-reduce", 32, 8, times=56)]
    assert collectives(module(loop, before=LOOP), 8) == [Collective("all-reduce", 32, 8, times=1, bounded=False)]
    assert collectives(module("%y = f32[8]{0} copy(%p)", before=LOOP), 8) == []  # never called


def test_a_loop_within_a_loop_multiplies():
    outer = (
        "%outer (c: f32[8]) -> f32[8] {\n"
        '  %w = f32[8]{0} while(%c), condition=%more, body=%body, backend_config={"known_trip_count":{"n":"3"}}\n}\n\n'
    )
    call = '%w = f32[8]{0} while(%p), condition=%more, body=%outer, backend_config={"known_trip_count":{"n":"5"}}'
    (found,) = collectives(module(call, before=LOOP + outer), 8)
    assert found.times == 15


def test_words_in_metadata_are_no_collectives():
    line = '%m = f32[8]{0} add(%p, %p), metadata={op_name="all-reduce(x), replica_groups=[1,8]<=[8]"}'
    assert collectives(module(line), 8) == []


def test_what_is_no_program_is_refused():
    with pytest.raises(ValueError, match="no ENTRY"):
        collectives("stablehlo.module {}", 8)
