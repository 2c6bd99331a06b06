"""BeamRunner: work through items on whatever Apache Beam runs on."""

import contextlib
import functools
import io
import logging
import multiprocessing
import shlex
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import apache_beam as beam
from apache_beam.options import pipeline_options
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.runner import create_runner

from boxsup_tf.errors import InputError
from boxsup_tf.workers.devices import hide_gpus

try:
    from apache_beam.runners.dask.dask_runner import DaskOptions
except ImportError:
    DaskOptions = None

Item = TypeVar("Item")

_DASK = "apache_beam.runners.dask.dask_runner.DaskRunner"  # has no short name in Beam

# What starts processes changes the environment and the modules of its own for a moment.
_ONE_AT_A_TIME = threading.Lock()


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    """Not what Beam logs, with a traceback, of a Ctrl-C that found an item being worked at."""
    kind = record.exc_info[0] if record.exc_info else None
    return not (kind and issubclass(kind, KeyboardInterrupt))


logging.getLogger("apache_beam.runners.common").addFilter(_is_no_interrupt)


class BeamRunner:
    """Applies a function to items by a Beam pipeline, a `runner.Runner`.

    Args:
        beam_args: Beam's own flags, `--NAME=VALUE` with spaces between and quotes as in a shell:
            `--runner=DaskRunner --dask_client_address=tcp://10.0.0.1:8786`.

    Raises:
        InputError: Beam does not know one of them, or its value.
    """

    def __init__(self, beam_args: str = "") -> None:
        self._options = _parse(beam_args)
        name = self._options.view_as(pipeline_options.StandardOptions).runner or "DirectRunner"
        try:
            self._runner = create_runner(_DASK if name in ("DaskRunner", "dask") else name)
        except (ValueError, ImportError, AttributeError) as error:
            raise InputError(f"--beam_args: --runner={name}: {error}") from None
        if errors := PipelineOptionsValidator(self._options, self._runner).validate():
            raise InputError(f"--beam_args={beam_args}: {' '.join(errors)}")
        _set_defaults(self._options)

    def run(self, function: Callable[[Item], None], items: Sequence[Item]) -> None:
        """See `runner.Runner`.

        Raises:
            RuntimeError, or what else the engine raises: the function failed, or a worker died,
                more often than the engine tolerates.
        """
        pipeline = beam.Pipeline(self._runner, self._options)
        spread = pipeline | beam.Create(list(items)) | beam.Reshuffle()
        spread | beam.Map(functools.partial(_work, function))
        result = pipeline.run()
        try:
            result.wait_until_finish()
        except BaseException:
            with contextlib.suppress(Exception):  # not every engine can
                result.cancel()
            raise
        finally:
            if hasattr(
                result, "client"
            ):  # Dask's: what an open one has asked for is not made again
                result.client.close()


def _work(function: Callable[[Item], None], item: Item) -> None:
    with _ONE_AT_A_TIME:
        with contextlib.suppress(RuntimeError):  # TensorFlow runs already, as it should
            hide_gpus()
        # Dask's workers are daemons, which may not start processes, lest these outlive them. Ours
        # end with the pipe to them.
        multiprocessing.current_process().daemon = False
        function(item)


def _set_defaults(options: pipeline_options.PipelineOptions) -> None:
    """What suits few items of much work, where the user has not said otherwise."""
    debug = options.view_as(pipeline_options.DebugOptions)
    debug.number_of_worker_harness_threads = debug.number_of_worker_harness_threads or 1
    worker = options.view_as(pipeline_options.WorkerOptions)
    worker.default_sdk_harness_log_level = worker.default_sdk_harness_log_level or "WARNING"
    if options.view_as(pipeline_options.DirectOptions).direct_running_mode == "multi_processing":
        # Else DirectRunner takes Prism, where it can be downloaded, which starts no processes.
        options.view_as(pipeline_options.TypeOptions).allow_unsafe_triggers = True
    if DaskOptions is not None:
        dask = options.view_as(DaskOptions)
        if dask.npartitions is None and dask.partition_size is None:
            dask.partition_size = 1


def _parse(beam_args: str) -> pipeline_options.PipelineOptions:
    try:
        flags = shlex.split(beam_args)
    except ValueError as error:
        raise InputError(f"--beam_args={beam_args}: {error}") from None
    for flag in flags:
        if not flag.startswith("--"):
            raise InputError(f"--beam_args: {flag!r}: expected --NAME=VALUE")
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = pipeline_options.PipelineOptions(flags)
            given = options.get_all_options(retain_unknown_options=True)
    except SystemExit:  # argparse: all flags there are, then the error
        reason = said.getvalue().strip().rpartition("error: ")[2]
        raise InputError(f"--beam_args={beam_args}: {reason}") from None
    known = pipeline_options.PipelineOptions([]).get_all_options()
    for name in given.keys() - known.keys():
        raise InputError(f"--beam_args: --{name}: no such flag of Apache Beam {beam.__version__}")
    return options
