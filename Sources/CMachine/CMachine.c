// All of this module is in its header; SwiftPM asks for one source.
#include "CMachine.h"
