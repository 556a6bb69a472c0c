// What the wheel route downloads: pinned versions with their sha256, measured to hold every symbol the binding needs.

export const TENSORFLOW_VERSION = '2.18.1'

export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

/** The headers that the two binding sources include (`g++ -MM`); the other 18,000 members of a wheel are not needed. */
export const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
]

/** @typedef {{ requirement: string, file: string, sha256: string, megabytes: number }} WheelPin */

/** @type {readonly WheelPin[]} */
export const CPU_WHEELS = [
  tensorflowWheel('tensorflow-cpu', '810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298', 230),
]

/** The GPU library with the CUDA parts that its release names; found through $ORIGIN/../nvidia, without LD_LIBRARY_PATH. */
/** @type {readonly WheelPin[]} */
export const GPU_WHEELS = [
  tensorflowWheel('tensorflow', 'c9f87e5d2a680a4595f5dc30daf6bbaec9d4129b46d7ef1b2af63c46ac7d2828', 616),
  nvidiaWheel(
    'cuda-runtime-cu12',
    '12.5.82',
    '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115',
    1,
  ),
  nvidiaWheel(
    'cublas-cu12',
    '12.5.3.2',
    'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b',
    363,
  ),
  nvidiaWheel(
    'cudnn-cu12',
    '9.3.0.75',
    '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d',
    577,
  ),
  nvidiaWheel(
    'cufft-cu12',
    '11.2.3.61',
    '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8',
    193,
  ),
  nvidiaWheel(
    'cusolver-cu12',
    '11.6.3.83',
    '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b',
    130,
  ),
  nvidiaWheel(
    'cusparse-cu12',
    '12.5.1.3',
    '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752',
    218,
  ),
  nvidiaWheel(
    'nvjitlink-cu12',
    '12.5.82',
    'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212',
    21,
  ),
  nvidiaWheel(
    'cuda-nvrtc-cu12',
    '12.5.82',
    '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
    25,
  ),
]

/** Free disk that unpacking needs beside the download, in megabytes. */
export const NEEDED_MEGABYTES = { cpu: 1000, gpu: 6500 }

function tensorflowWheel(name, sha256, megabytes) {
  const platform = 'cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64'
  return {
    requirement: `${name}==${TENSORFLOW_VERSION}`,
    file: `${name.replaceAll('-', '_')}-${TENSORFLOW_VERSION}-${platform}.whl`,
    sha256,
    megabytes,
  }
}

function nvidiaWheel(name, version, sha256, megabytes) {
  return {
    requirement: `nvidia-${name}==${version}`,
    file: `nvidia_${name.replaceAll('-', '_')}-${version}-py3-none-manylinux2014_x86_64.whl`,
    sha256,
    megabytes,
  }
}
