using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

public sealed class RuntimeErrorsTests
{
    /// <summary>As they were reported by users of ONNX Runtime (microsoft/onnxruntime issues 16307, 20038, 22702, 16305, 16512, 26312) and by this build.</summary>
    [Theory]
    [InlineData(InferenceFailure.OutOfMemory, "[ErrorCode:RuntimeException] Non-zero status code returned while running ReduceSum node. Name:'' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*, bool, onnxruntime::WaitNotificationFn) Failed to allocate memory for requested buffer of size 939524096\n")]
    [InlineData(InferenceFailure.OutOfMemory, "[ErrorCode:RuntimeException] Non-zero status code returned while running Mul node. Name:'Mul_8702' Status Message: bfc_arena.cc:368 Failed to allocated memory for requested buffer of size 2830172160")]
    [InlineData(InferenceFailure.OutOfMemory, "[ErrorCode:RuntimeException] Non-zero status code returned while running Add node. Name:'/blocks.7/attn/Add_2' Status Message: bad allocation")]
    [InlineData(InferenceFailure.OutOfMemory, "[ErrorCode:RuntimeException] Non-zero status code returned while running MatMul node. Name:'m' Status Message: std::bad_alloc")]
    [InlineData(InferenceFailure.OutOfMemory, "[ErrorCode:RuntimeException] CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=egg ; file=cuda_execution_provider.cc ; line=164 ; expr=cublasCreate(&cublas_handle_);")]
    [InlineData(InferenceFailure.OutOfMemory, "[ErrorCode:RuntimeException] onnxruntime::CudaCall CUDA failure 2: out of memory ; GPU=0 ; hostname=HOST ; expr=cudaMalloc((void**)&p, size);")]
    [InlineData(InferenceFailure.Device, "[ErrorCode:Fail] CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=10cb601a4a05 ; file=gpu_data_transfer.cc ; line=63 ; expr=cudaMemcpyAsync(dst_data, src_data, bytes, cudaMemcpyHostToDevice, stream);")]
    [InlineData(InferenceFailure.Device, "[ErrorCode:Fail] CUDA failure 719: unspecified launch failure ; GPU=0")]
    [InlineData(InferenceFailure.Transient, "[ErrorCode:RuntimeException] Non-zero status code returned while running Gemm node. Name:'Gemm_568' Status Message: CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED ; GPU=0 ; hostname=LED-PC ; line=121")]
    [InlineData(InferenceFailure.Transient, "[ErrorCode:Fail] CUDA failure 801: operation not supported ; GPU=0")]
    [InlineData(InferenceFailure.Transient, "[ErrorCode:Fail] something nobody has seen before")]
    [InlineData(InferenceFailure.Rows, "[ErrorCode:InvalidArgument] Non-zero status code returned while running Gather node. Name:'/word_embeddings/Gather' Status Message: indices element out of data bounds, idx=8000 must be within the inclusive range [-8000,7999]")]
    [InlineData(InferenceFailure.Rows, "[ErrorCode:NotImplemented] Non-zero status code returned while running Attention node.")]
    public void Classify_ShouldTellWhetherTryingAgainHelps(InferenceFailure expected, string message)
        => Assert.Equal(expected, RuntimeErrors.Classify(message));

    [Theory]
    [InlineData("one line. ", "one line")]
    [InlineData("first\nsecond", "first")]
    [InlineData("CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=egg ; expr=x;", "CUDA failure 700: an illegal memory access was encountered")]
    public void Brief_ShouldSayOneLine_WithoutTheMachine(string message, string expected) => Assert.Equal(expected, RuntimeErrors.Brief(message));
}
