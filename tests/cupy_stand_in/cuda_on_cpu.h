// What CuPy's headers and statements take for granted in CUDA's compiler.
#include <math.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>

#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__
#define __constant__ static const
#define assert(condition)

using std::isfinite;
using std::isinf;
using std::isnan;
using std::max;
using std::min;
using std::signbit;

// CUDA's maximum and minimum know that -0.0 is below 0.0.
template <typename T>
T greater_of(T a, T b) {
  return isnan(a) ? b : isnan(b) ? a : a == b ? (signbit(a) ? b : a) : a > b ? a : b;
}
template <typename T>
T lesser_of(T a, T b) {
  return isnan(a) ? b : isnan(b) ? a : a == b ? (signbit(a) ? a : b) : a < b ? a : b;
}
inline float max(float a, float b) { return greater_of(a, b); }
inline double max(double a, double b) { return greater_of(a, b); }
inline float min(float a, float b) { return lesser_of(a, b); }
inline double min(double a, double b) { return lesser_of(a, b); }
#define fmax greater_of
#define fmin lesser_of

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline double __longlong_as_double(long long x) {
  double out;
  std::memcpy(&out, &x, sizeof out);
  return out;
}
inline float __int_as_float(int x) {
  float out;
  std::memcpy(&out, &x, sizeof out);
  return out;
}
