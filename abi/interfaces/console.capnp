# SPDX-License-Identifier: Apache-2.0
# The console server.
@0xaae862bd811008b7;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".errors;
using import "stele.capnp".maxBytes;

interface Console @0xa68eebef07c1837b $interfaceNumber(64) {
  # Served by the resident console driver on the serial line.

  write @0 (text :Text $maxBytes(440)) -> ()
    $errors([
      "restarted: the driver ended with an earlier boot; the line may or may not have been printed"
    ]);
  # Prints one line. The answer comes when the program may print again.

  readLine @1 () -> (text :Text)
    $errors([
      "restarted: the driver ended with an earlier boot; ask again",
      "busy: another reader waits"
    ]);
  # Waits for a line typed on the console.

  writeNow @2 (text :Text $maxBytes(440)) -> ()
    $errors([
      "restarted: the driver ended with an earlier boot; the line may or may not have been printed"
    ]);
  # Prints one line that answers typed input; never paced.
}
