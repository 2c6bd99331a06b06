"""Serves an exported model over HTTP, with the REST interface of TensorFlow Serving."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
