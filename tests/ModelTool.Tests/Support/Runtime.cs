using System.Runtime.CompilerServices;
using StreamScorer.Shared.Infer;

namespace ModelTool.Tests.Support;

/// <summary>Before the first use of ONNX Runtime, as the program does.</summary>
internal static class Runtime
{
#pragma warning disable CA2255 // Tests have no Main of their own, and any of them may be the first.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void SwitchOffTelemetry() => RuntimeTelemetry.SwitchOff();
}
