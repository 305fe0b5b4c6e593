"""Where steps run: in the worker, by spark-submit, or on a Spark Connect service. Only the launcher is run here."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import pytest
from airflow_deployment import make_deployment, run_script
from steelyard_dags.command import CommandMissingError, RunningCommand
from steelyard_dags.settings import Mode, SettingsError, Submit, read_submit
from steelyard_dags.submit import LAUNCHER, Call, call_for

WORDS = ["link", "--home", "/h", "--as-of", "2026-06-30"]
ON_A_CLUSTER = Submit(Mode.SPARK_SUBMIT, "spark://host:7077", ("--conf", "spark.executor.memory=4g"))


def a_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_steps_run_in_the_worker_by_default() -> None:
    assert read_submit({}) == Submit(Mode.WORKER, "", ())
    assert read_submit({"STEELYARD_ENGINE": "local[2]"}) == Submit(Mode.WORKER, "local[2]", ())


def test_options_are_split_like_shell_words() -> None:
    environment = {
        "STEELYARD_SUBMIT": "spark-submit",
        "STEELYARD_ENGINE": "yarn",
        "STEELYARD_SUBMIT_OPTIONS": "--conf 'spark.driver.extraJavaOptions=-Da=b -Dc=d' --queue night",
    }
    wanted = ("--conf", "spark.driver.extraJavaOptions=-Da=b -Dc=d", "--queue", "night")
    assert read_submit(environment) == Submit(Mode.SPARK_SUBMIT, "yarn", wanted)


@pytest.mark.parametrize(
    ("mode", "engine", "options", "message"),
    [
        ("spark_submit", "yarn", "", "STEELYARD_SUBMIT is 'spark_submit': set it to worker, spark-submit, connect"),
        ("connect", "", "", "as in sc://host:15002"),
        ("connect", "spark://host:7077", "", "as in sc://host:15002"),
        ("spark-submit", "", "", "as in spark://host:7077"),
        ("spark-submit", "sail", "", "as in spark://host:7077"),
        ("spark-submit", "sc://host", "", "as in spark://host:7077"),
        ("spark-submit", "yarn", "--conf 'a", "cannot be parsed as shell words"),
        ("spark-submit", "yarn", "--deploy-mode cluster", "has a master or a deploy mode"),
        ("spark-submit", "yarn", "--master=local", "has a master or a deploy mode"),
    ],
)
def test_settings_that_do_not_fit_together_are_errors(mode: str, engine: str, options: str, message: str) -> None:
    environment = {"STEELYARD_SUBMIT": mode, "STEELYARD_ENGINE": engine, "STEELYARD_SUBMIT_OPTIONS": options}
    with pytest.raises(SettingsError) as caught:
        read_submit(environment)
    assert message in str(caught.value)


def test_a_token_in_a_connect_url_is_never_shown() -> None:
    url = "sc://host:443/;use_ssl=true;token=s3cret"
    assert "s3cret" not in repr(read_submit({"STEELYARD_SUBMIT": "connect", "STEELYARD_ENGINE": url}))
    with pytest.raises(SettingsError) as caught:
        read_submit({"STEELYARD_SUBMIT": "spark-submit", "STEELYARD_ENGINE": url})
    assert "s3cret" not in str(caught.value)


def test_a_step_with_an_engine_is_submitted_with_the_python_that_has_the_command(tmp_path: Path) -> None:
    command, spark_submit, python = (a_program(tmp_path / "bin" / name) for name in ("steelyard", "spark-submit", "python"))
    environment = {"STEELYARD_COMMAND": str(command), "PATH": "/nowhere"}
    call = call_for(WORDS, name="n", needs_engine=True, submit=ON_A_CLUSTER, environment=environment)
    assert call.command == [
        *(str(spark_submit), "--master", "spark://host:7077", "--deploy-mode", "client", "--name", "n"),
        *("--conf", "spark.log.level=WARN", "--conf", "spark.executor.memory=4g"),
        *(str(LAUNCHER), *WORDS),
    ]
    assert call.environment == {"PYSPARK_PYTHON": str(python)}


def test_a_configured_python_is_kept(tmp_path: Path) -> None:
    command, _, _ = (a_program(tmp_path / "bin" / name) for name in ("steelyard", "spark-submit", "python"))
    environment = {"STEELYARD_COMMAND": str(command), "PYSPARK_PYTHON": "/opt/python"}
    assert call_for(WORDS, name="n", needs_engine=True, submit=ON_A_CLUSTER, environment=environment).environment == {}


@pytest.mark.parametrize(
    ("needs_engine", "submit"),
    [(False, ON_A_CLUSTER), (True, Submit()), (True, Submit(Mode.CONNECT, "sc://host"))],
    ids=["no engine", "worker", "connect"],
)
def test_other_steps_are_called_directly(tmp_path: Path, needs_engine: bool, submit: Submit) -> None:
    command = str(a_program(tmp_path / "steelyard"))
    call = call_for(WORDS, name="n", needs_engine=needs_engine, submit=submit, environment={"STEELYARD_COMMAND": command})
    assert (call.command, call.environment) == ([command, *WORDS], {})


def test_spark_submit_comes_from_the_environment_the_commands_folder_or_path(tmp_path: Path) -> None:
    command, on_path = a_program(tmp_path / "bin" / "steelyard"), a_program(tmp_path / "other" / "spark-submit")
    environment = {"STEELYARD_COMMAND": f"{command}", "PATH": str(on_path.parent)}

    def first(**more: str) -> str:
        return call_for(WORDS, name="n", needs_engine=True, submit=ON_A_CLUSTER, environment={**environment, **more}).command[0]

    assert first() == str(on_path)
    beside = a_program(tmp_path / "bin" / "spark-submit")
    assert first() == str(beside)
    assert first(STEELYARD_SPARK_SUBMIT="/opt/spark/bin/spark-submit --verbose") == "/opt/spark/bin/spark-submit"
    for path in (beside, on_path):
        path.unlink()
    with pytest.raises(CommandMissingError, match="STEELYARD_SPARK_SUBMIT"):
        first()


def test_the_launcher_runs_the_command_and_returns_its_exit_code() -> None:
    words = ["export", "nothing", "--home", "x", "--as-of", "2026-06-30", "--out", "x"]
    exit_code, last = RunningCommand([sys.executable, str(LAUNCHER), *words]).follow(lambda _: None)
    assert exit_code == 2
    assert "'nothing' cannot be exported" in last


def test_modules_beside_the_launcher_are_not_on_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(LAUNCHER.parent), *sys.path])
    monkeypatch.setattr(sys, "argv", [str(LAUNCHER), "--version"])
    monkeypatch.setenv("STEELYARD_ENGINE", "sail")
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(LAUNCHER), run_name="__main__")
    assert ended.value.code in (None, 0)
    assert os.environ["STEELYARD_ENGINE"] == "submitted"
    assert str(LAUNCHER.parent) not in sys.path


def test_a_python_without_the_command_is_an_error() -> None:
    exit_code, last = RunningCommand([sys.executable, "-I", "-S", str(LAUNCHER), "--version"]).follow(lambda _: None)
    assert exit_code == 2
    assert "PYSPARK_PYTHON" in last


def test_a_log_masks_the_values_of_settings() -> None:
    options = (
        *("--conf", "spark.hadoop.fs.s3a.secret.key=hunter2=="),
        *("--conf=spark.ssl.keyPassword=hunter2", "-c", "spark.x=hunter2", "--driver-java-options", "-Dpassword=hunter2"),
        *("--queue", "night"),
    )
    call = Call(["spark-submit", "--master", "yarn", *options, "submitted.py", *WORDS])
    shown = call.shown()
    assert "hunter2" not in shown
    for part in ("--conf 'spark.hadoop.fs.s3a.secret.key=***'", "'--conf=spark.ssl.keyPassword=***'", "'spark.x=***'"):
        assert part in shown
    assert "--driver-java-options '***' --queue night submitted.py link --home /h --as-of 2026-06-30" in shown
    assert "hunter2==" in call.command[4], "the command itself is not masked"


def test_a_task_logs_the_masked_call(tmp_path: Path) -> None:
    logged = run_script(make_deployment(tmp_path), "log_a_call.py", "spark-submit", "--conf", "spark.key=hunter2")
    assert logged == {"lines": ["$ spark-submit --conf 'spark.key=***'"]}
