// Tarantool's module.h without its macros that are words of C++ libraries.
//
// Threading, errors, limits: those of module.h.
#pragma once

#include <tarantool/module.h>

#undef prefetch
#undef likely
#undef unlikely
#undef alignas
#undef alignof
#undef lengthof
