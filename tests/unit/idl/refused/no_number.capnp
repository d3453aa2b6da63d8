# SPDX-License-Identifier: Apache-2.0
# expect: has no $interfaceNumber
@0xb88db5c585d0f8fb;

interface NoNumber @0xc1ecc6c39a827c5c  {
  # Refused.

  ask @0 () -> ();
  # Documented.
}
