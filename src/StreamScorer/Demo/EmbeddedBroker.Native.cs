using System.Diagnostics;
using System.Runtime.InteropServices;

namespace StreamScorer.Demo;

internal sealed partial class EmbeddedBroker
{
    /// <summary>librdkafka's C functions for its mock cluster (rdkafka_mock.h, part of every build of the library).</summary>
    private static partial class Native
    {
        /// <summary>RD_KAFKA_PRODUCER.</summary>
        public const int Producer = 0;

        private const string Library = "librdkafka";

        /// <summary>
        /// The package brings several builds of the library along, and Confluent.Kafka loads the one whose own dependencies are there. The runtime would take the one
        /// that has the plain name, and fail for want of libsasl2.so.3 on Debian and Ubuntu.
        /// </summary>
        static Native()
        {
            var loaded = LoadedByClient();
            NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, (name, _, _) => name == Library ? loaded : 0);
        }

        [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
        public static partial nint ConfigurationNew();

        [LibraryImport(Library, EntryPoint = "rd_kafka_conf_destroy")]
        public static partial void ConfigurationDestroy(nint configuration);

        [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int ConfigurationSet(nint configuration, string key, string value, [Out] byte[] error, nuint errorSize);

        [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
        public static partial nint ClientNew(int type, nint configuration, [Out] byte[] error, nuint errorSize);

        [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
        public static partial void ClientDestroy(nint client);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_new")]
        public static partial nint ClusterNew(nint client, int brokers);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_destroy")]
        public static partial void ClusterDestroy(nint cluster);

        /// <summary>The string belongs to the cluster.</summary>
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
        public static partial nint Bootstraps(nint cluster);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_set_controller_id")]
        public static partial void SetController(nint cluster, int broker);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
        public static partial void GroupInitialRebalanceDelay(nint cluster, int milliseconds);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int TopicCreate(nint cluster, string topic, int partitions, int replicas);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_down")]
        public static partial int BrokerDown(nint cluster, int broker);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_up")]
        public static partial int BrokerUp(nint cluster, int broker);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_rtt")]
        public static partial int BrokerRoundTripTime(nint cluster, int broker, int milliseconds);

        /// <summary>The array form: the other one takes C varargs.</summary>
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
        public static partial void PushRequestErrors(nint cluster, short request, nuint count, int[] errors);

        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_clear_request_errors")]
        public static partial void ClearRequestErrors(nint cluster, short request);

        private static nint LoadedByClient()
        {
            _ = Confluent.Kafka.Library.Version; // loads it
            using var process = Process.GetCurrentProcess();
            var file = process.Modules.Cast<ProcessModule>().Select(module => module.FileName).FirstOrDefault(file => Path.GetFileName(file).Contains(Library, StringComparison.Ordinal));
            return file is null ? 0 : NativeLibrary.Load(file); // 0: as the runtime would find it
        }
    }
}
