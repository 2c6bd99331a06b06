"""io.digest: parts as one."""

import hashlib

from boxsup_tf.io.digest import digest_of


def test_parts_are_digested_as_one():
    assert digest_of([b"ab", b"", b"c"]) == hashlib.sha256(b"abc").hexdigest()
    assert digest_of(iter([])) == hashlib.sha256().hexdigest()
