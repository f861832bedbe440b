using System.Runtime.InteropServices;

namespace StreamScorer.Shared.Infer;

/// <summary>
/// Switches off what ONNX Runtime tells its maker. From 1.29 on it keeps a device id in the user's cache folder and uploads
/// events; its API can only stop it after that has begun, the variable stops it before.
/// </summary>
public static partial class RuntimeTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Must come before the first use of ONNX Runtime in the process. Whoever has set the variable is left alone.</summary>
    public static void SwitchOff()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null)
        {
            return;
        }

        Environment.SetEnvironmentVariable(Variable, "1");
        if (!OperatingSystem.IsWindows())
        {
            // On Unix the runtime's own copy of the environment is not what native code reads.
            _ = SetEnvironment(Variable, "1", overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
