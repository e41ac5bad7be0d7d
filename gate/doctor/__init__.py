"""``gate doctor``: what is wrong with a device and how to mend it, in words, and a support bundle without anybody in it."""
